import { present } from '@bulkhead/base';
import type { ListedConnection } from '@bulkhead/connections';
import { publicStatus } from '@bulkhead/imports/export';
import type { SharedBudget } from '../budgets/rate-budget.service.ts';
import { lagsOf } from '../connection-lag.ts';
import { judgeData } from '../health/checks.ts';
import { dataShownMs, maxRead, webhooksShownMs } from '../health/data.checks.ts';
import type { GroupedCheck } from '../health/health-problems.ts';
import type { DataSnapshot } from '../health/health-snapshot.ts';
import { failuresShownMs } from '../health/run.checks.ts';
import type { MonitoredStores } from '../monitoring.feature.ts';
import type { CheckedData, ConnectionWork } from './health-report.record.ts';

/** More failed or active records than a report can show. */
const maxRecords = 100;

export interface CheckDeps {
  readonly store: Pick<
    MonitoredStores,
    | 'bulkExports'
    | 'connections'
    | 'documents'
    | 'healthReports'
    | 'quarantine'
    | 'schedules'
    | 'syncRuns'
    | 'watermarks'
    | 'webhookDeliveries'
  >;
  readonly readBudgets: (connections: readonly ListedConnection[]) => Promise<readonly SharedBudget[]>;
}

/**
 * Reads what is stored about the connections, judges it and stores the result. This takes 15 commands to MongoDB, however much is stored:
 * four that read a list whole (connections, schedules, watermarks, receivers of webhooks), two walks of an index for the newest runs, and reads
 * of at most 100 records, or 1,000 small projections. A test counts them.
 */
export async function checkData({ store, readBudgets }: CheckDeps, now: Date): Promise<CheckedData> {
  const since = (ms: number) => new Date(now.getTime() - ms);
  const [connections, schedules, watermarks, exports, syncRuns, quarantine, documents, webhooks] = await Promise.all([
    orUndefined(store.connections.list()),
    orUndefined(store.schedules.listUnpaused()),
    orUndefined(store.watermarks.listAll()),
    orUndefined(readRuns(store.bulkExports, now)),
    orUndefined(readRuns(store.syncRuns, now)),
    orUndefined(store.quarantine.listRecentOpen({ since: since(dataShownMs), limit: maxRead })),
    orUndefined(store.documents.listFailed({ since: since(dataShownMs), limit: maxRead })),
    orUndefined(store.webhookDeliveries.listReceivers(since(webhooksShownMs))),
  ]);
  const budgets = connections && (await orUndefined(readBudgets(connections)));
  const lags =
    connections &&
    schedules &&
    watermarks &&
    syncRuns &&
    exports &&
    lagsOf({
      connectionIds: connections.map(({ id }) => id),
      schedules,
      watermarks,
      completed: syncRuns.completed,
      exported: exports.completed,
      now,
    });
  const snapshot: DataSnapshot = {
    connections,
    schedules,
    lags,
    exports,
    syncRuns,
    quarantine,
    documents,
    webhooks,
    budgets: budgets?.map(({ state: { budget, day, pausedMs, pauseReason } }) => {
      return { name: budget.name, dayRatio: day / budget.rateLimit.perDay, pausedMs, pauseReason };
    }),
  };
  const checks = judgeData(snapshot, now);
  const work = connections && workOf({ ...snapshot, connections });
  const isWhole = work !== undefined && checks.every(({ isUnread }) => !isUnread);
  const before = isWhole ? undefined : await store.healthReports.find();
  const checked = { checkedAt: now, checks: checks.map((check) => orEarlier(check, before, now)) };
  const data = { ...checked, connections: work ?? before?.connections ?? [] };
  await store.healthReports.save(data);
  return data;
}

/** A check whose data cannot be read keeps its last result, and the time of it. */
function orEarlier(check: GroupedCheck, before: CheckedData | undefined, now: Date): CheckedData['checks'][number] {
  const earlier = check.isUnread ? before?.checks.find(({ id }) => id === check.id) : undefined;
  return earlier ?? { ...check, readAt: now };
}

interface RunReader<Run, Newest> {
  listNewestEnded(): Promise<Newest>;
  listFailed(options: { readonly since: Date; readonly limit: number }): Promise<Run[]>;
  listActive(limit: number): Promise<Run[]>;
}

async function readRuns<Run, Newest extends object>(runs: RunReader<Run, Newest>, now: Date) {
  const since = new Date(now.getTime() - failuresShownMs);
  const [ended, failed, active] = await Promise.all([
    runs.listNewestEnded(),
    runs.listFailed({ since, limit: maxRecords }),
    runs.listActive(maxRecords),
  ]);
  return { ...ended, failed, active };
}

function workOf(
  snapshot: DataSnapshot & { readonly connections: NonNullable<DataSnapshot['connections']> },
): ConnectionWork[] {
  const { connections, lags = [], schedules = [], exports } = snapshot;
  const lagOf = new Map(lags.map((lag) => [lag.connectionId, lag]));
  const schedulesOf = Map.groupBy(schedules, ({ connectionId }) => connectionId);
  const exportOf = new Map(exports?.newest.map((record) => [record.connectionId, record]));
  return connections.map(({ id: connectionId }) => {
    const lag = lagOf.get(connectionId);
    const next = schedulesOf.get(connectionId)?.map(({ nextRunAt }) => nextRunAt) ?? [];
    const last = exportOf.get(connectionId);
    return {
      connectionId,
      ...present({
        lagMs: lag?.lagMs,
        isScheduled: lag?.isScheduled,
        nextRunAt: next.toSorted((left, right) => left.getTime() - right.getTime())[0],
        lastExport: last && {
          id: last.id,
          provider: last.provider,
          status: publicStatus(last.phase),
          ...present({ endedAt: last.completedAt, code: last.error?.code }),
        },
      }),
    };
  });
}

async function orUndefined<Value>(read: Promise<Value>): Promise<Value | undefined> {
  try {
    return await read;
  } catch {
    // Its cause is in the log lines of the server that is unavailable. The report shows the age of the data.
    return undefined;
  }
}
