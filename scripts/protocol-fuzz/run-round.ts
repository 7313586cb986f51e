import { type BulkExport, everyType, isTerminal, sinceLast } from '@bulkhead/domain';
import {
  type CurrentVersion,
  type ExportPlan,
  endOf,
  goodPlan,
  type HostileServer,
  startHostileServer,
  World,
} from '@bulkhead/ehr-simulator';
import { coversNow } from '../../use-cases/finalize-export.ts';
import { runExport } from '../run-export.ts';
import type { UseCases } from '../start-use-cases.ts';
import type { Round } from './round.arbitrary.ts';

/** What a round showed against the product. */
export interface Finding {
  readonly kind: 'silent' | 'unbounded' | 'stuck';
  readonly text: string;
}

/**
 * Requests that one export may cost: three files of each of three types, each asked for ten times and, while the server asks for
 * waits, every ten minutes for a day, with the manifest read again for each.
 */
const maxRequestsPerExport = 3000;

/**
 * Two exports of a server that does what it should not, then one of the same server when it behaves. After that everything that
 * the server has must be stored: whatever the first two lost has to be asked for again by `since: "last"`, unless they said so.
 */
export async function runRound(options: {
  readonly round: Round;
  readonly open: (url: string) => Promise<UseCases>;
}): Promise<Finding[]> {
  const { round, open } = options;
  const world = new World(round.lives);
  const server = await startHostileServer(world);
  const cases = await open(server.url);
  try {
    const findings: Finding[] = [];
    const warnings = new Set<string>();
    const plans = [round.first, round.second, goodPlan];
    for (const [index, plan] of plans.entries()) {
      const ended = await runPlan({ cases, server, world, plan, period: index + 1 });
      findings.push(...ended.findings);
      for (const { code } of ended.record.warnings) warnings.add(code);
    }
    return [...findings, ...(await judgeEnd({ cases, world, warnings }))];
  } finally {
    await cases.stop();
    await server.stop();
  }
}

async function runPlan(options: {
  readonly cases: UseCases;
  readonly server: HostileServer;
  readonly world: World;
  readonly plan: ExportPlan;
  readonly period: number;
}): Promise<{ readonly record: BulkExport; readonly findings: Finding[] }> {
  const { cases, server, world, plan, period } = options;
  const before = server.requests;
  server.follow({ plan, period });
  // The server's clock and ours agree, which is a fault of its own kind otherwise.
  cases.clock.now = new Date(endOf(period));
  const ended = await runExport(cases, await requestSinceLast(cases));
  const requests = server.requests - before;
  const findings: Finding[] = [];
  if (!isTerminal(ended.phase)) findings.push({ kind: 'stuck', text: `export ${period} is still ${ended.phase}` });
  if (requests > maxRequestsPerExport)
    findings.push({ kind: 'unbounded', text: `export ${period} cost ${requests} requests` });
  const held = (ended.watermarkDecisions ?? []).some(({ reasons }) => reasons.length > 0);
  if (ended.phase !== 'completed' || ended.isPartial || held) return { record: ended, findings };
  const missing = await missingOf(cases, world.current({ period }));
  if (missing.length > 0)
    findings.push({ kind: 'silent', text: `export ${period} is complete and lacks ${missing.join(', ')}` });
  return { record: ended, findings };
}

/** As the API does for `since: "last"`. */
async function requestSinceLast({ deps, connection, clock }: UseCases) {
  const watermarks = await deps.store.watermarks.list({ connectionId: connection.id, exportType: 'Patient' });
  const offered = (await deps.store.connections.find(connection.id))?.capabilities?.resourceTypes ?? [];
  const { since } = sinceLast({
    resourceTypes: [],
    watermarks,
    now: clock.now,
    covers: (coverage, type) => type === everyType || coversNow({ offered })(coverage, type),
  });
  return since === undefined ? { sinceLast: true } : { since, sinceLast: true };
}

async function judgeEnd(options: {
  readonly cases: UseCases;
  readonly world: World;
  /** Codes of all exports. */
  readonly warnings: ReadonlySet<string>;
}): Promise<Finding[]> {
  const { cases, world, warnings } = options;
  const current = world.current({ period: 3 });
  const missing = await missingOf(cases, current);
  const alive = new Set(current.map(({ type, id }) => `${type}/${id}`));
  // Deletions that a server does not list cannot be known, and the export says so.
  const isListed = !warnings.has('deletions-not-listed');
  const extra = isListed ? (await storedKeys(cases)).filter((key) => !alive.has(key)) : [];
  return [
    ...missing.map((text): Finding => ({ kind: 'silent', text: `lost: ${text}` })),
    ...extra.map((key): Finding => ({ kind: 'silent', text: `still there although deleted: ${key}` })),
  ];
}

async function missingOf({ deps, connection }: UseCases, versions: readonly CurrentVersion[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { type, id, version } of versions) {
    const found = await deps.store.resources.read({ connectionId: connection.id, resourceType: type, resourceId: id });
    const stored =
      found && !found.deleted ? (found.resource as { meta: { versionId: string } }).meta.versionId : 'none';
    if (stored !== String(version)) missing.push(`${type}/${id} version ${version} (stored: ${stored})`);
  }
  return missing;
}

async function storedKeys({ deps, connection }: UseCases): Promise<string[]> {
  const keys: string[] = [];
  for (const resourceType of ['Patient', 'Observation', 'Goal']) {
    for (const id of await deps.store.resources.listIds({ connectionId: connection.id, resourceType }))
      keys.push(`${resourceType}/${id}`);
  }
  return keys;
}
