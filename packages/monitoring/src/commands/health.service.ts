import { errorCode, keepFor, readWithin } from '@bulkhead/base';
import type { Producer } from '@bulkhead/queues';
import { judgeProcesses, maxDataAgeMs, toReport } from '../health/checks.ts';
import { ageMs, type HealthReport } from '../health/health-check.ts';
import { type GroupedCheck, problemsOf } from '../health/health-problems.ts';
import type { ProcessSnapshot } from '../health/health-snapshot.ts';
import { failedJobsMs } from '../health/queue.checks.ts';
import { sweepJob } from '../jobs.ts';
import type { MonitoredStores } from '../monitoring.feature.ts';
import { type CheckDeps, checkData } from '../report/check-data.ts';
import { type ConnectionState, statesOf } from '../report/connection-states.ts';
import type { CheckedData } from '../report/health-report.record.ts';

interface Deps extends CheckDeps {
  readonly store: CheckDeps['store'] & Pick<MonitoredStores, 'processStates' | 'server'>;
  readonly producer: Producer;
  /** Returns the faults of the settings of Redis as a store of queues. */
  readonly checkRedis: () => Promise<readonly string[]>;
  /** Returns the code of the error by which the last attempt to connect to Redis has failed, if it is not connected. */
  readonly redisConnectionError: () => string | undefined;
  readonly configuration: ProcessSnapshot['configuration'];
}

/** A ping that takes longer counts as no answer, as for `/ready`. */
const pingMs = 2000;
/** The metrics wait 3 s for a value, so the report must be complete before. */
const reportMs = 2500;
/** Prometheus reads the metrics every 15 s, and several pages of the console the report. */
const keptMs = 5000;

/**
 * The health report: what the workers have stored about the data (`checkData`), with the state of the databases, the queues and the
 * processes, which this process reads itself. One report costs about 20 commands to Redis and 4 to MongoDB, and is kept for some seconds.
 */
export class HealthService {
  readonly #deps;
  readonly #readProcessChecks;
  readonly #readStored;
  readonly #checkNow;
  /** Since when a check of this process has not been ok. */
  readonly #failingSince = new Map<string, Date>();
  /** The last data that was read, for the time while MongoDB does not respond. */
  #data: CheckedData | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#readProcessChecks = keepFor(keptMs, () => this.#checkProcesses());
    this.#readStored = keepFor(keptMs, () => deps.store.healthReports.find());
    this.#checkNow = keepFor(keptMs, () => checkData(deps, new Date()));
  }

  /** @param options.isFresh whether everything is checked now. Default: as a worker has last found it, and as this process has seen it some seconds ago */
  async report({ isFresh = false }: { readonly isFresh?: boolean } = {}): Promise<HealthReport> {
    const processChecks = await (isFresh ? this.#checkProcesses() : this.#readProcessChecks());
    const isUp = processChecks.some(({ id, severity }) => id === 'mongodb' && severity !== 'critical');
    if (isUp) await this.#readData(isFresh);
    return toReport({ processChecks, data: this.#data, now: new Date() });
  }

  /** The state of each connection, as the report has it. */
  async connectionStates(): Promise<ReadonlyMap<string, ConnectionState>> {
    await this.#readData(false);
    return this.#data ? statesOf(this.#data, problemsOf(this.#data.checks)) : new Map();
  }

  /** Reads what a worker has stored. If no worker has done that for minutes, this process checks the data itself. */
  async #readData(isFresh: boolean): Promise<void> {
    const read = async () => {
      const stored = await this.#readStored();
      const isCurrent = stored !== undefined && ageMs(stored.checkedAt, new Date()) <= maxDataAgeMs;
      return isCurrent ? stored : this.#checkNow();
    };
    // What was kept for some seconds may be older than what the caller has just changed.
    const data = await (isFresh ? checkData(this.#deps, new Date()) : readWithin(reportMs, read));
    if (data && !(this.#data && this.#data.checkedAt > data.checkedAt)) this.#data = data;
  }

  async #checkProcesses(): Promise<readonly GroupedCheck[]> {
    const now = new Date();
    const checks = judgeProcesses(await readProcesses(this.#deps, now), now);
    for (const { id, severity } of checks) {
      if (severity === 'ok') this.#failingSince.delete(id);
      else if (!this.#failingSince.has(id)) this.#failingSince.set(id, now);
    }
    return checks.map((check) => {
      const since = this.#failingSince.get(check.id)?.toISOString();
      if (since === undefined) return check;
      return { ...check, groups: check.groups.map((group) => ({ ...group, since })) };
    });
  }
}

async function readProcesses(deps: Deps, now: Date): Promise<ProcessSnapshot> {
  const { store, producer, configuration } = deps;
  const deadline = performance.now() + reportMs;
  const [redis, mongodb] = await Promise.all([
    readWithin(pingMs, () => readRedis(deps)),
    readWithin(pingMs, () => readMongodb(deps)),
  ]);
  // A Redis that only refuses writes is read.
  const isRedisConnected = redis !== undefined && deps.redisConnectionError() === undefined;
  // A read that would only wait for an unavailable server is not started.
  const read = <Value>(isUp: boolean, from: () => Promise<Value>) =>
    isUp ? readWithin(deadline - performance.now(), from) : undefined;
  const [processes, isSweepScheduled, queues, failedJobs] = await Promise.all([
    read(mongodb !== undefined, () => store.processStates.list(now)),
    read(isRedisConnected, () => producer.isScheduled(sweepJob, {})),
    read(isRedisConnected, () => producer.readFigures()),
    read(isRedisConnected, () => producer.countFailed(new Date(now.getTime() - failedJobsMs))),
  ]);
  return { redis, mongodb, configuration, processes, isSweepScheduled, queues, failedJobs };
}

async function readRedis({ producer, checkRedis, redisConnectionError }: Deps): Promise<ProcessSnapshot['redis']> {
  try {
    await producer.checkWritable();
  } catch (error) {
    const code = redisConnectionError() ?? errorCode(error as Error);
    return typeof code === 'string' ? { faults: [], error: code } : undefined;
  }
  return { faults: await checkRedis() };
}

async function readMongodb({ store }: Deps): Promise<ProcessSnapshot['mongodb']> {
  const sentAt = Date.now();
  const { version, now } = await store.server();
  return { version, skewMs: Math.abs(now.getTime() - (sentAt + Date.now()) / 2) };
}
