import type { ListedConnection } from '@bulkhead/connections';
import { type BulkExport, lacksData } from '@bulkhead/imports/export';
import type { SyncRun } from '@bulkhead/imports/sync';
import { minuteMs, type Producer, work } from '@bulkhead/queues';
import type { SharedBudget } from '../budgets/rate-budget.service.ts';
import { readQueues } from '../commands/monitoring.service.ts';
import type { EndedRuns, HistorySample, Volume } from '../history/history-sample.record.ts';
import { historyKeptMs } from '../history/history-sample.repository.ts';
import { fullest, furthestBehind, mergeRuns, mergeSamples, mergeVolumes } from '../history/merge-samples.ts';
import { usualOf } from '../history/summarize-history.ts';
import { sampleHistoryJob } from '../jobs.ts';
import type { MonitoredStores } from '../monitoring.feature.ts';

/** Adds the current state to the sample of this quarter of an hour. */
export const sampleHistoryWork = work(sampleHistoryJob, { run: sampleHistory });

export interface HistoryDeps {
  readonly store: Pick<
    MonitoredStores,
    'bulkExports' | 'connections' | 'healthReports' | 'historySamples' | 'outputFiles' | 'syncRuns' | 'syncSteps'
  >;
  readonly producer: Producer;
  readonly readBudgets: (connections: readonly ListedConnection[]) => Promise<readonly SharedBudget[]>;
  readonly now: () => Date;
}

const quarterMs = 15 * minuteMs;
/** A run is stored with the clock of its process, which may be behind, so its end is read a little later. */
const settleMs = minuteMs;
/** Several nights of a hundred practices. The next sample continues where this one stops. */
const maxRuns = 1000;

async function sampleHistory(deps: HistoryDeps): Promise<void> {
  const { store, now } = deps;
  const time = now().getTime();
  const at = quarterOf(now());
  const last = await store.historySamples.findLast();
  const earlier = last?.id === at.toISOString() ? last : undefined;
  const since = last?.runsUntil ?? new Date(time - historyKeptMs);
  const isHourly = at.getUTCMinutes() === 0 && earlier?.lagSpread === undefined;
  const sample = await takeSample(deps, { at, since, isHourly });
  await store.historySamples.save(mergeSamples(earlier, sample));
  await store.historySamples.deleteBefore(new Date(time - historyKeptMs));
}

async function takeSample(
  deps: HistoryDeps,
  { at, since, isHourly }: { readonly at: Date; readonly since: Date; readonly isHourly: boolean },
): Promise<HistorySample> {
  const { store, producer, readBudgets, now } = deps;
  const queues = await readQueues(producer);
  const budgets = await readBudgets(await store.connections.list());
  return {
    id: at.toISOString(),
    at,
    queues: queues
      .filter(({ jobs }) => jobs.waiting > 0)
      .map(({ queue, jobs, oldestMs }) => ({ queue, waiting: jobs.waiting, oldestSeconds: toSeconds(oldestMs) })),
    budgets: fullest(
      budgets.map(({ state: { budget, day } }) => ({ name: budget.name, used: day, limit: budget.rateLimit.perDay })),
    ),
    lags: [],
    ...(await readRuns(deps, since)),
    ...(isHourly ? await takeHourly(store, now()) : {}),
  };
}

/** Lags change slowly, and what is usual is read from a month of samples. */
async function takeHourly(store: HistoryDeps['store'], now: Date) {
  const { connections = [] } = (await store.healthReports.find()) ?? {};
  const lags = connections.flatMap(({ connectionId, lagMs }) =>
    lagMs === undefined ? [] : [{ connectionId, seconds: toSeconds(lagMs) }],
  );
  const sorted = lags.map(({ seconds }) => seconds).toSorted((left, right) => left - right);
  const quantile = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
  const usual = usualOf(await store.historySamples.listSince(new Date(now.getTime() - historyKeptMs)), now);
  return {
    lags: furthestBehind(lags),
    lagSpread: { median: quantile(0.5), high: quantile(0.95) },
    ...(usual && { usual }),
  };
}

/** Reads the runs that have ended since the last sample. */
async function readRuns(
  { store, now }: HistoryDeps,
  since: Date,
): Promise<Pick<HistorySample, 'runs' | 'volumes' | 'runsUntil'>> {
  const until = new Date(Math.max(now().getTime() - settleMs, since.getTime()));
  const range = { since, until, limit: maxRuns };
  const exports = await store.bulkExports.listEnded(range);
  const syncs = await store.syncRuns.listEnded(range);
  const lastEnds = [exports, syncs].filter(({ length }) => length === maxRuns).map((runs) => runs.at(-1)?.completedAt);
  const runsUntil = new Date(Math.min(until.getTime(), ...lastEnds.map(Number)));
  const isRead = ({ completedAt = until }: BulkExport | SyncRun) => completedAt < runsUntil;
  const runs: EndedRuns[] = [];
  const volumes: Volume[] = [];
  const add = (kind: EndedRuns['kind'], record: BulkExport | SyncRun, types: readonly Omit<Volume, 'at'>[]) => {
    const { outcome, seconds, endedAt } = endOf(record);
    const at = quarterOf(endedAt);
    runs.push({ kind, at, outcome, seconds: [seconds] });
    for (const type of types) if (type.resources + type.bytes > 0) volumes.push({ at, ...type });
  };
  for (const record of exports.filter(isRead)) add('export', record, await store.outputFiles.sumByType(record.id));
  for (const run of syncs.filter(isRead)) {
    const counts = await store.syncSteps.sumByType(run.id);
    add(
      'sync',
      run,
      counts.map(({ resourceType, stored }) => ({ resourceType, resources: stored, bytes: 0 })),
    );
  }
  return { runs: mergeRuns(runs), volumes: mergeVolumes(volumes), runsUntil };
}

function quarterOf(at: Date): Date {
  return new Date(at.getTime() - (at.getTime() % quarterMs));
}

function endOf(record: BulkExport | SyncRun) {
  const { phase, createdAt, completedAt: endedAt = createdAt } = record;
  const isPartial = phase === 'partial' || (phase === 'completed' && 'counts' in record && lacksData(record));
  const outcome: EndedRuns['outcome'] = isPartial
    ? 'partial'
    : phase === 'failed' || phase === 'cancelled'
      ? phase
      : 'completed';
  return { endedAt, outcome, seconds: toSeconds(endedAt.getTime() - createdAt.getTime()) };
}

function toSeconds(ms: number): number {
  return Math.max(Math.round(ms / 1000), 0);
}
