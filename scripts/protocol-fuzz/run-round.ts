import { type BulkExport, isTerminal } from '@bulkhead/imports/export';
import { isSyncActive, type SyncRun } from '@bulkhead/imports/sync';
import {
  type Finding,
  type Practice as OpenPractice,
  openPractice,
  silentIfAny,
  start,
  untilEnded,
} from './practice.ts';
import { periods, type Round } from './round.arbitrary.ts';
import { goodPlan } from './server/export-plan.ts';
import { isSearched, types } from './server/search-plan.ts';
import { type CurrentVersion, World } from './server/world.ts';
import type { FuzzedSystem, Slot } from './start-fuzzed-system.ts';

/**
 * The maximum of requests of one export or sync: three files of each of four types, each requested ten times and,
 * while the server asks the client to wait, every ten minutes for a day. The manifest is read again for each of them.
 */
const maxRequests = 3000;

interface Practice extends OpenPractice {
  readonly world: World;
}

/**
 * Runs two exports and a sync at a faulty server, then a sync and an export at the same server without faults. After
 * that, everything that the server has must be stored: `since: "last"` must request again what the first runs lost,
 * unless they reported it.
 */
export async function runRound(system: FuzzedSystem, slot: Slot, round: Round): Promise<Finding[]> {
  const world = new World({ lives: round.lives, now: system.now });
  slot.server.enter(world);
  const practice = { ...(await openPractice(system, slot)), world };
  const first = await runExport(practice, { period: 1, export: round.first });
  const second = await runExport(practice, { period: 2, export: round.second });
  const hostileSync = await runSync(practice, { period: 3, search: round.sync });
  const goodSync = await runSync(practice, { period: 4 });
  const last = await runLastExport(practice);
  const exports = [first, second, last];
  const warnings = new Set(exports.flatMap(({ record }) => record.warnings.map(({ code }) => code)));
  return [...exports, hostileSync, goodSync]
    .flatMap(({ findings }) => findings)
    .concat(await verifyEnd(practice, warnings));
}

/**
 * Runs the export at the server without faults, and again if it was given up because its workers died: rounds of histories kill and freeze
 * the workers of all rounds, and the error says that the export can be retried.
 */
async function runLastExport(practice: Practice): ReturnType<typeof runExport> {
  const run = () => runExport(practice, { period: 5, export: goodPlan });
  const last = await run();
  return last.record.error?.code === 'poison-job' ? run() : last;
}

async function runExport(
  practice: Practice,
  behaviour: { readonly period: number; readonly export: Round['first'] },
): Promise<{ readonly record: BulkExport; readonly findings: Finding[] }> {
  const { system, slot, world, connectionId } = practice;
  const { period } = behaviour;
  const before = slot.server.requests;
  slot.server.follow(behaviour);
  const id = await start(practice, { path: 'bulk-export', body: { exportType: 'Patient', since: 'last' } });
  const record = await untilEnded(
    () => system.store.bulkExports.find(id),
    ({ phase }) => isTerminal(phase),
  );
  const findings = verifyEffort({
    name: `export ${period}`,
    hasEnded: isTerminal(record.phase),
    requests: slot.server.requests - before,
  });
  const isHeld = (record.watermarkDecisions ?? []).some(({ reasons }) => reasons.length > 0);
  // The versions of an export that ends before the previous one count as older ones, and the next export has everything.
  const isFromThePast = record.warnings.some(({ code }) => code === 'ehr-clock-went-back');
  if (record.phase !== 'completed' || record.isPartial || isHeld || isFromThePast) return { record, findings };
  const missing = await missingOf(system, connectionId, world.current({ period }));
  return { record, findings: [...findings, ...silentIfAny(`export ${period} is complete and lacks`, missing)] };
}

async function runSync(
  practice: Practice,
  behaviour: { readonly period: number; readonly search?: Round['sync'] },
): Promise<{ readonly findings: Finding[] }> {
  const { system, slot, world, connectionId } = practice;
  const { period, search } = behaviour;
  const { resources, syncRuns } = system.store;
  const patientIds = await resources.listIds({ connectionId, resourceType: 'Patient' });
  if (patientIds.length === 0) return { findings: [] };
  const before = slot.server.requests;
  slot.server.follow(behaviour);
  const id = await start(practice, { path: 'enhanced-sync', body: { includeEnhanced: false } });
  const run: SyncRun = await untilEnded(
    () => syncRuns.find(id),
    (current) => !isSyncActive(current),
  );
  const name = `sync ${period}`;
  const hasEnded = !isSyncActive(run);
  const findings = verifyEffort({ name, hasEnded, requests: slot.server.requests - before });
  if (search === undefined && run.phase !== 'completed')
    return {
      findings: [...findings, { kind: 'stuck', text: `${name} ended as ${run.phase} at a server without faults` }],
    };
  if (run.phase !== 'completed') return { findings };
  const current = world
    .current({ period })
    .filter(isSearched)
    .filter(({ patientId, id: resourceId }) => patientIds.includes(patientId ?? resourceId));
  const missing = await missingOf(system, connectionId, current);
  return { findings: [...findings, ...silentIfAny(`${name} is complete and lacks`, missing)] };
}

function verifyEffort(options: {
  readonly name: string;
  readonly hasEnded: boolean;
  readonly requests: number;
}): Finding[] {
  const { name, hasEnded, requests } = options;
  return [
    ...(hasEnded ? [] : [{ kind: 'stuck' as const, text: `${name} has not ended` }]),
    ...(requests <= maxRequests ? [] : [{ kind: 'unbounded' as const, text: `${name} cost ${requests} requests` }]),
  ];
}

async function verifyEnd(
  { system, world, connectionId }: Practice,
  /** The warning codes of all exports. */
  warnings: ReadonlySet<string>,
): Promise<Finding[]> {
  const current = world.current({ period: periods });
  const missing = await missingOf(system, connectionId, current);
  const alive = new Set(current.map(({ type, id }) => `${type}/${id}`));
  // If a server does not list deletions, the client cannot know them, and the export reports that.
  const isListed = !warnings.has('deletions-not-listed');
  const extra = isListed ? (await storedKeys(system, connectionId)).filter((key) => !alive.has(key)) : [];
  return [
    ...silentIfAny('missing at the end:', missing),
    ...silentIfAny('deleted, but still stored at the end:', extra),
  ];
}

async function missingOf(
  { store }: FuzzedSystem,
  connectionId: string,
  versions: readonly CurrentVersion[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const { type, id, version } of versions) {
    const current = await store.resources.read({ connectionId, resourceType: type, resourceId: id });
    const stored =
      current && !current.deleted ? (current.resource as { meta: { versionId: string } }).meta.versionId : 'none';
    if (stored !== String(version)) missing.push(`${type}/${id} version ${version} (stored: ${stored})`);
  }
  return missing;
}

async function storedKeys({ store }: FuzzedSystem, connectionId: string): Promise<string[]> {
  const ids = types.map(async (resourceType) =>
    (await store.resources.listIds({ connectionId, resourceType })).map((id) => `${resourceType}/${id}`),
  );
  return (await Promise.all(ids)).flat();
}
