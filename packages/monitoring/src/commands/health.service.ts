import { errorCode, keepFor, readWithin } from '@bulkhead/base';
import type { Producer } from '@bulkhead/queues';
import { judge } from '../health/checks.ts';
import { dataShownMs, maxRead, maxUndeliveredMs, webhooksShownMs } from '../health/data.checks.ts';
import type { HealthReport } from '../health/health-check.ts';
import type { HealthSnapshot } from '../health/health-snapshot.ts';
import { failedJobsMs } from '../health/queue.checks.ts';
import { failuresShownMs } from '../health/run.checks.ts';
import { sweepJob } from '../steps/sweep.job.ts';
import type { MonitoredStores } from '../stores.ts';
import type { MonitoringService } from './monitoring.service.ts';
import type { RateBudgetService } from './rate-budget.service.ts';

interface Deps {
  readonly store: MonitoredStores;
  readonly producer: Producer;
  readonly monitoring: Pick<MonitoringService, 'readLags'>;
  readonly rateBudgets: RateBudgetService;
  /** Returns the faults of the settings of Redis as a store of queues. */
  readonly checkRedis: () => Promise<readonly string[]>;
  /** Returns the code of the error by which the last attempt to connect to Redis has failed, if it is not connected. */
  readonly redisConnectionError: () => string | undefined;
  readonly configuration: HealthSnapshot['configuration'];
}

export type HealthService = ReturnType<typeof createHealthService>;

/** A ping that takes longer counts as no answer, as for `/ready`. */
const pingMs = 2000;
/** The metrics wait 3 s for a value, so the report must be complete before. */
const reportMs = 2500;

/** What costs some queries for each connection is read at most this often. Prometheus reads the metrics every 15 s. */
const connectionsKeptMs = 15_000;

/** More failed, active or undelivered records than a report can show. */
const maxRecords = 100;

/**
 * Reads the state of the deployment and judges it. See `health/checks.ts`.
 *
 * A report costs about 20 commands to Redis and 10 queries to MongoDB, however much is stored: each query uses an index and reads at
 * most 100 records, or 1,000 small projections. In addition it reads, at most every 15 s, two runs of each connection and the last sync
 * of each schedule, by the index of the connection.
 */
export function createHealthService(deps: Deps) {
  const { store, configuration } = deps;
  const readByConnection = keepFor(connectionsKeptMs, () => readNewestRuns(deps));

  const readSnapshot = async (now: Date): Promise<HealthSnapshot> => {
    const deadline = performance.now() + reportMs;
    const [redis, mongodb] = await Promise.all([
      readWithin(pingMs, () => readRedis(deps)),
      readWithin(pingMs, () => readMongodb(store)),
    ]);
    // A Redis that only refuses writes is read.
    const isRedisConnected = redis !== undefined && deps.redisConnectionError() === undefined;
    // A read that would only wait for an unavailable server is not started.
    const read = <Value>(isUp: boolean, from: () => Promise<Value>) =>
      isUp ? readWithin(deadline - performance.now(), from) : undefined;
    const inRedis = <Value>(from: () => Promise<Value>) => read(isRedisConnected, from);
    const inMongodb = <Value>(from: () => Promise<Value>) => read(mongodb !== undefined, from);
    const parts = await allOf({
      processes: inMongodb(() => store.processStates.list(now)),
      isSweepScheduled: inRedis(() => deps.producer.isScheduled(sweepJob, {})),
      queues: inRedis(() => deps.producer.readFigures()),
      failedJobs: inRedis(() => deps.producer.countFailed(before(now, failedJobsMs))),
      exports: inMongodb(() => readRuns(store.bulkExports, now)),
      syncRuns: inMongodb(() => readRuns(store.syncRuns, now)),
      byConnection: inMongodb(readByConnection),
      schedules: inMongodb(() => store.schedules.listUnpaused()),
      connections: inMongodb(() => store.connections.list()),
      budgets: isRedisConnected ? inMongodb(() => readBudgets(deps)) : undefined,
      quarantine: inMongodb(() => store.quarantine.listRecentOpen({ since: before(now, dataShownMs), limit: maxRead })),
      documents: inMongodb(() => store.documents.listFailed({ since: before(now, dataShownMs), limit: maxRead })),
      webhooks: inMongodb(() => readDeliveries(store, now)),
    });
    const { byConnection, exports, syncRuns } = parts;
    return {
      ...{ redis, mongodb, configuration, ...parts, lags: byConnection?.lags },
      exports: byConnection && exports && { newest: byConnection.exports, ...exports },
      syncRuns: byConnection && syncRuns && { newest: byConnection.syncRuns, ...syncRuns },
    };
  };

  return {
    async report(): Promise<HealthReport> {
      const now = new Date();
      return judge(await readSnapshot(now), now);
    },
  };
}

async function readRedis({ producer, checkRedis, redisConnectionError }: Deps): Promise<HealthSnapshot['redis']> {
  try {
    await producer.checkWritable();
  } catch (error) {
    const code = redisConnectionError() ?? errorCode(error as Error);
    return typeof code === 'string' ? { faults: [], error: code } : undefined;
  }
  return { faults: await checkRedis() };
}

async function readMongodb(store: MonitoredStores): Promise<HealthSnapshot['mongodb']> {
  const sentAt = Date.now();
  const { version, now } = await store.server();
  return { version, skewMs: Math.abs(now.getTime() - (sentAt + Date.now()) / 2) };
}

interface RunReader<Run> {
  listFailed(options: { readonly since: Date; readonly limit: number }): Promise<Run[]>;
  listActive(limit: number): Promise<Run[]>;
}

async function readRuns<Run>(runs: RunReader<Run>, now: Date) {
  const [failed, active] = await Promise.all([
    runs.listFailed({ since: before(now, failuresShownMs), limit: maxRecords }),
    runs.listActive(maxRecords),
  ]);
  return { failed, active };
}

async function readNewestRuns({ store, monitoring }: Deps) {
  const ids = await store.connections.listIds();
  const [lags, exports, syncRuns] = await Promise.all([
    monitoring.readLags(new Date()),
    Promise.all(ids.map((id) => store.bulkExports.findNewestEnded(id))),
    Promise.all(ids.map((id) => store.syncRuns.findNewestEnded(id))),
  ]);
  return {
    lags,
    exports: exports.filter((record) => record !== undefined),
    syncRuns: syncRuns.filter((run) => run !== undefined),
  };
}

async function readBudgets({ rateBudgets }: Deps): Promise<NonNullable<HealthSnapshot['budgets']>> {
  const budgets = await rateBudgets.list('all');
  return budgets.map(({ state: { budget, day, pausedMs, pauseReason } }) => {
    return { name: budget.name, dayRatio: day / budget.rateLimit.perDay, pausedMs, pauseReason };
  });
}

async function readDeliveries({ webhookDeliveries }: MonitoredStores, now: Date) {
  const from = before(now, webhooksShownMs);
  const [failed, pending] = await Promise.all([
    webhookDeliveries.listByTime({ state: 'failed', from, to: now, limit: maxRecords }),
    webhookDeliveries.listByTime({ state: 'pending', from, to: before(now, maxUndeliveredMs), limit: maxRecords }),
  ]);
  return { failed, pending };
}

function before(now: Date, ms: number): Date {
  return new Date(now.getTime() - ms);
}

/** Waits for every property. */
async function allOf<Parts extends object>(
  parts: Parts,
): Promise<{ readonly [Name in keyof Parts]: Awaited<Parts[Name]> }> {
  const entries = Object.entries(parts).map(async ([name, part]) => [name, await part] as const);
  return Object.fromEntries(await Promise.all(entries)) as never;
}
