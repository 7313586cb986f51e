import type { TestSystem } from '../test-system/start-test-system.ts';
import { type ChaosKind, chaosAction } from './actions/chaos-kinds.ts';
import type { ChaosOptions } from './options.ts';
import { drawPlans } from './plan/round-plan.ts';
import { type Summary, summarize } from './report/summarize.ts';
import { type RoundReport, runRound } from './run-round.ts';

/** Runs the rounds, prints each, and sums them up. */
export async function runRounds(options: {
  readonly system: TestSystem;
  readonly options: ChaosOptions;
  readonly print: (line: string) => void;
}): Promise<Summary> {
  const { system, print } = options;
  const { seed, rounds, kinds, outageSeconds } = options.options;
  const { possible, skipped } = sortOut(kinds);
  for (const [kind, reason] of Object.entries(skipped)) print(`!!! SKIPPED: ${kind}: ${reason}`);
  const reports: RoundReport[] = [];
  const plans = possible.length === 0 ? [] : drawPlans({ seed, rounds, kinds: possible });
  for (const plan of plans) {
    const report = await runRound({ system, plan, outageMs: outageSeconds * 1000 });
    reports.push(report);
    print(formatRound(report));
    if (report.hasEnded) continue;
    print('stopping: an export that has not ended would disturb later rounds');
    break;
  }
  for (const { name, ownExits } of [system.api, ...system.workers]) {
    if (ownExits > 0) print(`${name} exited unexpectedly ${ownExits} times and was restarted`);
  }
  return summarize({ reports, seed, skipped });
}

function sortOut(kinds: readonly ChaosKind[]) {
  const skipped: Partial<Record<ChaosKind, string>> = {};
  const possible: ChaosKind[] = [];
  for (const kind of kinds) {
    const reason = chaosAction(kind).unavailable?.();
    if (reason === undefined) possible.push(kind);
    else skipped[kind] = reason;
  }
  return { possible, skipped };
}

/** Formats a round as one line, followed by one line for each finding. */
function formatRound(report: RoundReport): string {
  const { round, kind, export: what, moment, faults, outcome, notes, seconds, findings, unavoidableKickOffs } = report;
  const extras = [
    ...(faults.length > 0 ? [`faults: ${faults.join(', ')}`] : []),
    ...notes,
    ...(unavoidableKickOffs > 0 ? [`unavoidable kick-offs: ${unavoidableKickOffs}`] : []),
  ];
  const columns = [
    String(round).padStart(4),
    kind.padEnd(18),
    what.padEnd(5),
    moment.padEnd(28),
    `${seconds.toFixed(1)} s`.padStart(7),
    [outcome, ...extras].join('; '),
  ];
  const lines = findings.map(({ verdict, count, text }) => `     ! ${verdict} ${count}: ${text}`);
  return [columns.join('  '), ...lines].join('\n');
}
