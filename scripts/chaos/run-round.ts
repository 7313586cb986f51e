import { createRandom } from '../random.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';
import type { ChaosAction } from './actions/chaos-action.ts';
import { chaosAction } from './actions/chaos-kinds.ts';
import { ExportWatch } from './export/export-watch.ts';
import { followExport } from './export/follow-export.ts';
import { type ExportOrder, orderExport } from './export/order-export.ts';
import { isWhole, type RoundExport } from './oracle/verify-end.ts';
import type { Disruption } from './oracle/verify-requests.ts';
import { verifyRound } from './oracle/verify-round.ts';
import { makeChanges } from './plan/changes.ts';
import { describeMoment, waitForMoment } from './plan/moment.ts';
import type { RoundPlan } from './plan/round-plan.ts';

/**
 * How long an export may take on a busy machine: some seconds, plus the waits before retries (5 s, then 10 s) if a file
 * happens to fail twice.
 */
const undisturbedMs = 60_000;

type OrderedExport = RoundExport & { readonly orderedAtMs: number };

interface RoundOptions {
  readonly system: TestSystem;
  readonly plan: RoundPlan;
  readonly outageMs: number;
}

/** The plan of a round and its result. */
export type RoundReport = Awaited<ReturnType<typeof runRound>>;

/** Runs one export, injects one fault, and verifies the result. */
export async function runRound(options: RoundOptions) {
  const { system, plan, outageMs } = options;
  const { simulator, store, connectionId } = system;
  const startedAtMs = performance.now();
  const action = chaosAction(plan.kind);
  await makeChanges(simulator, plan.changes);
  await simulator.clearRequests();
  await simulator.clearViolations();
  const faults = plan.faults.map(({ fault }) => fault.kind);
  for (const fault of plan.faults) await simulator.order(fault);
  const watermarks = await store.watermarks.list({ connectionId });
  const since = plan.isIncremental ? 'last' : undefined;

  const watch = new ExportWatch(system);
  watch.start();
  const [first, { disruptions, notes }] = await Promise.all([
    runExport({ system, since, timeoutMs: action.mayFailExports ? endsWithinMs(outageMs) : undisturbedMs }),
    injectFault(options, { action, watch }),
  ]);
  // If the first export failed, a second one must make the data complete.
  const retry = isWhole(first) || !action.mayFailExports ? [] : [await repeat(system, since)];
  await watch.stop();
  await simulator.cancelOrders();
  const exports = [first, ...retry];
  const verdict = await verifyRound({
    system,
    watch,
    exports,
    disruptions,
    watermarks,
    faults,
    mayFail: action.mayFailExports,
    takesProcesses: action.takesProcesses,
  });
  return {
    ...verdict,
    round: plan.round,
    kind: plan.kind,
    export: since === undefined ? 'full' : 'since',
    moment: describeMoment(plan.moment),
    faults,
    /** Whether every export of the round ended. */
    hasEnded: exports.every(({ end }) => end !== undefined),
    outcome: exports.map(describeEnd).join(', then '),
    notes,
    seconds: (performance.now() - startedAtMs) / 1000,
  };
}

/**
 * Jobs that failed in an outage are retried with waits that double, so the last wait is about as long as the outage.
 */
function endsWithinMs(outageMs: number): number {
  return 3 * outageMs + undisturbedMs;
}

async function runExport(order: ExportOrder): Promise<OrderedExport> {
  const orderedAtMs = performance.now();
  const exportId = await orderExport(order);
  if (exportId === undefined) return { orderedAtMs };
  const timeoutMs = order.timeoutMs - (performance.now() - orderedAtMs);
  const end = await followExport({ ...order, exportId, timeoutMs });
  return { orderedAtMs, exportId, ...(end ? { end } : {}) };
}

async function repeat(system: TestSystem, since: ExportOrder['since']): Promise<OrderedExport> {
  await system.simulator.cancelOrders();
  return runExport({ system, since, timeoutMs: undisturbedMs });
}

async function injectFault(
  { system, plan, outageMs }: RoundOptions,
  { action, watch }: { readonly action: ChaosAction; readonly watch: ExportWatch },
) {
  const disruptions: Disruption[] = [];
  const notes: string[] = [];
  await waitForMoment(plan.moment, watch);
  const { phase = 'not seen' } = watch.current ?? {};
  notes.push(`disrupted while ${phase}`);
  await action.run({
    system,
    outageMs,
    random: createRandom(plan.actionSeed),
    note: (text) => notes.push(text),
    async disrupt(fault) {
      const fromMs = performance.now();
      await fault();
      disruptions.push({ fromMs, toMs: performance.now() });
    },
  });
  return { disruptions, notes };
}

function describeEnd({ exportId, end }: RoundExport): string {
  if (exportId === undefined) return 'never taken';
  if (!end) return 'no end';
  const details = [...(end.errorCode ? [end.errorCode] : []), ...end.warnings.map(({ code }) => code)];
  return `${end.status}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}
