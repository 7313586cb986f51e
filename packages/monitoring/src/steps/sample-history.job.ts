import type { ListedConnection } from '@bulkhead/connections';
import { type BulkExport, lacksData } from '@bulkhead/imports/export';
import type { SyncRun } from '@bulkhead/imports/sync';
import { defineJob, minuteMs, once, type Producer } from '@bulkhead/queues';
import { z } from 'zod';
import { createMonitoringService } from '../commands/monitoring.service.ts';
import type { SharedBudget } from '../commands/rate-budget.service.ts';
import type { EndedRun, HistorySample } from '../history/history-sample.record.ts';
import { historyKeptMs } from '../history/history-sample.repository.ts';
import { mergeSamples } from '../history/merge-samples.ts';
import type { MonitoredStores } from '../stores.ts';

/** Adds the current state to the sample of this quarter of an hour. */
export const sampleHistoryJob = defineJob({
  name: 'maintenance.sample-history',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'sample-history',
  // The next one comes within a minute, and it includes the runs of this one.
  ...once,
  timeoutMs: 1 * minuteMs,
  // A backlog that lasts a minute is worth showing.
  everyMs: minuteMs,
  run: sampleHistory,
});

export interface HistoryDeps {
  readonly store: MonitoredStores;
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
  const at = new Date(time - (time % quarterMs));
  const last = await store.historySamples.findLast();
  const earlier = last?.id === at.toISOString() ? last : undefined;
  const since = last?.runsUntil ?? new Date(time - historyKeptMs);
  const hasLags = at.getUTCMinutes() !== 0 || (earlier !== undefined && earlier.lags.length > 0);
  const sample = await takeSample(deps, { at, since, withLags: !hasLags });
  await store.historySamples.save(mergeSamples(earlier, sample));
  await store.historySamples.deleteBefore(new Date(time - historyKeptMs));
}

async function takeSample(
  deps: HistoryDeps,
  { at, since, withLags }: { readonly at: Date; readonly since: Date; readonly withLags: boolean },
): Promise<HistorySample> {
  const { store, producer, readBudgets } = deps;
  const monitoring = createMonitoringService(store, producer);
  const queues = await monitoring.readQueues();
  const budgets = await readBudgets(await store.connections.list());
  const lags = withLags ? ((await store.healthReports.find())?.connections ?? []) : [];
  return {
    id: at.toISOString(),
    at,
    queues: queues.map(({ queue, jobs, oldestMs }) => ({
      queue,
      waiting: jobs.waiting,
      oldestSeconds: toSeconds(oldestMs),
    })),
    budgets: budgets.map(({ state: { budget, day } }) => ({
      name: budget.name,
      used: day,
      limit: budget.rateLimit.perDay,
    })),
    lags: lags.flatMap(({ connectionId, lagMs }) =>
      lagMs === undefined ? [] : [{ connectionId, seconds: toSeconds(lagMs) }],
    ),
    ...(await readRuns(deps, since)),
  };
}

/** Reads the runs that have ended since the last sample. */
async function readRuns({ store, now }: HistoryDeps, since: Date): Promise<Pick<HistorySample, 'runs' | 'runsUntil'>> {
  const until = new Date(Math.max(now().getTime() - settleMs, since.getTime()));
  const range = { since, until, limit: maxRuns };
  const exports = await store.bulkExports.listEnded(range);
  const syncs = await store.syncRuns.listEnded(range);
  const lastEnds = [exports, syncs].filter(({ length }) => length === maxRuns).map((runs) => runs.at(-1)?.completedAt);
  const runsUntil = new Date(Math.min(until.getTime(), ...lastEnds.map(Number)));
  const isRead = ({ completedAt = until }: BulkExport | SyncRun) => completedAt < runsUntil;
  const runs: EndedRun[] = [];
  for (const record of exports.filter(isRead)) {
    const types = await store.outputFiles.sumByType(record.id);
    runs.push({
      kind: 'export',
      ...endOf(record),
      types: types.filter(({ resources, bytes }) => resources + bytes > 0),
    });
  }
  for (const run of syncs.filter(isRead)) {
    const counts = await store.syncSteps.sumByType(run.id);
    const types = counts
      .filter(({ stored }) => stored > 0)
      .map(({ resourceType, stored }) => ({ resourceType, resources: stored, bytes: 0 }));
    runs.push({ kind: 'sync', ...endOf(run), types });
  }
  return { runs, runsUntil };
}

function endOf(record: BulkExport | SyncRun): Pick<EndedRun, 'endedAt' | 'outcome' | 'seconds'> {
  const { phase, createdAt, completedAt: endedAt = createdAt } = record;
  const isPartial = phase === 'partial' || (phase === 'completed' && 'counts' in record && lacksData(record));
  const outcome = isPartial ? 'partial' : phase === 'failed' || phase === 'cancelled' ? phase : 'completed';
  return { endedAt, outcome, seconds: toSeconds(endedAt.getTime() - createdAt.getTime()) };
}

function toSeconds(ms: number): number {
  return Math.max(Math.round(ms / 1000), 0);
}
