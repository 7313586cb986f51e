import { isTimeZone, nextRun } from '@bulkhead/cron';
import { noTracing, type Tracing } from '@bulkhead/runtime';
import { FlowProducer, type Job, type JobSchedulerJson, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { catalog, type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
import { commonOptions, jobOptions, nextRounds, readRound } from './job-options.ts';
import { type QueueFigures, readQueueFigures } from './queue-figures.ts';

export interface ProducerOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /** Called for connection errors that no caller sees. */
  readonly onError: (error: Error) => void;
  /** The current span continues in the job. */
  readonly tracing?: Tracing;
}

/** Adds jobs. A call returns only after Redis has the job. A failure is thrown, so the caller has to handle it. */
export class Producer {
  /** For Bull Board. */
  readonly queues;
  private readonly redis;
  private readonly prefix;
  private readonly tracing;
  private readonly byName;
  private readonly flows;

  constructor({ redis, prefix, onError, tracing = noTracing }: ProducerOptions) {
    this.redis = redis;
    this.prefix = prefix;
    this.tracing = tracing;
    const base = { connection: redis, prefix };
    this.byName = Object.fromEntries(
      queueNames.map((name) => [name, new Queue(name, base).on('error', onError)]),
    ) as Record<QueueName, Queue>;
    this.flows = new FlowProducer(base).on('error', onError);
    this.queues = Object.values(this.byName);
  }

  /** @throws if Redis does not answer */
  async ping(): Promise<void> {
    await this.redis.ping();
  }

  /** @throws if Redis does not answer, or refuses to store jobs, for example because it has no memory left or is a replica */
  async checkWritable(): Promise<void> {
    await this.redis.eval(writeNothing, 1, `${this.prefix}:writable`);
  }

  /** Adds a job. The same job is not added again while the first one is kept. */
  enqueue<Name extends JobName>(name: Name, payload: JobPayload<Name>) {
    return this.add(name, payload);
  }

  /**
   * Adds a job again if the same one has finished and is still kept, for work that is due again. A job that waits or runs is not
   * changed.
   */
  enqueueAgain<Name extends JobName>(name: Name, payload: JobPayload<Name>) {
    return this.replace({ name, payload, states: finishedStates });
  }

  /**
   * As `enqueueAgain`, but a job that waits for its next attempt is replaced too, so that it runs now and has all its attempts. Use it
   * if a person repeats the work.
   */
  enqueueNow<Name extends JobName>(name: Name, payload: JobPayload<Name>) {
    return this.replace({ name, payload, states: repeatableStates });
  }

  /**
   * Makes sure that a job will run. It adds the job if there is none, and again if the job has finished although its record says
   * that there is work left.
   * @returns whether a job was added
   */
  async ensure<Name extends JobName>(name: Name, payload: JobPayload<Name>, options: JobsOptions = {}) {
    const queue = this.byName[catalog[name].queue];
    const { jobId = '' } = jobOptions(name, payload);
    const job: Job | undefined = await queue.getJob(jobId);
    const state = job && (await job.getState());
    if (job && state === 'delayed' && isFromTheFuture(job)) {
      await job.promote();
      return true;
    }
    if (state !== undefined && !restartableStates.has(state)) return false;
    await job?.remove();
    await this.add(name, payload, options);
    return true;
  }

  /** The state of each queue. */
  readFigures(): Promise<QueueFigures[]> {
    return Promise.all(Object.values(this.byName).map(readQueueFigures));
  }

  /**
   * Counts the jobs that have failed for good since `since`, by name. It sends one command for each queue, and reads the last 100
   * failures of a queue that has any.
   */
  async countFailed(since: Date): Promise<ReadonlyMap<string, number>> {
    const names = await Promise.all(
      Object.values(this.byName).map((queue) => listFailedNames({ redis: this.redis, queue, since })),
    );
    const byName = Map.groupBy(names.flat(), (name) => name);
    return new Map([...byName].map(([name, jobs]) => [name, jobs.length]));
  }

  /** The number of jobs of a queue that have not finished. */
  countWaiting(queue: QueueName): Promise<number> {
    return this.byName[queue].getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active');
  }

  /**
   * Adds the downloads of an export and the job that finishes the export after them. Adding the flow twice runs nothing twice.
   * The files take turns with those of other connections.
   * @param options.filesAhead the number of unfinished files of the connection's other exports
   */
  async addExportFlow(options: {
    readonly exportId: string;
    readonly fileIds: readonly string[];
    readonly filesAhead?: number;
  }): Promise<void> {
    const { exportId, fileIds, filesAhead = 0 } = options;
    const priorities = await this.roundsIn('file-download', { count: fileIds.length, ahead: filesAhead });
    await this.addFlow({
      parent: { name: 'export.finalize', payload: { exportId } },
      children: fileIds.map((fileId, index) => ({
        name: 'file.download',
        payload: { exportId, fileId },
        priority: priorities[index] ?? 0,
      })),
    });
  }

  /** `ensure` for the downloads of an export, which take turns as in `addExportFlow`. @returns whether a job was added */
  async ensureDownloads({ exportId, fileIds }: { readonly exportId: string; readonly fileIds: readonly string[] }) {
    const priorities = await this.roundsIn('file-download', { count: fileIds.length });
    let hasAdded = false;
    for (const [index, fileId] of fileIds.entries())
      hasAdded =
        (await this.ensure('file.download', { exportId, fileId }, { priority: priorities[index] ?? 0 })) || hasAdded;
    return hasAdded;
  }

  /**
   * Adds the steps of a sync and the job that finishes the sync after them. Adding the flow twice runs nothing twice. The steps take
   * turns with those of other connections.
   * @param options.stepsAhead the number of unfinished steps of the connection's other syncs
   */
  async addSyncFlow(options: {
    readonly syncRunId: string;
    readonly stepIds: readonly string[];
    readonly stepsAhead?: number;
  }): Promise<void> {
    const { syncRunId, stepIds, stepsAhead = 0 } = options;
    const priorities = await this.roundsIn('sync', { count: stepIds.length, ahead: stepsAhead });
    await this.addFlow({
      parent: { name: 'sync.finalize', payload: { syncRunId } },
      children: stepIds.map((stepId, index) => ({
        name: 'sync.step',
        payload: { syncRunId, stepId },
        priority: priorities[index] ?? 0,
      })),
    });
  }

  /** `ensure` for the steps of a sync, which take turns as in `addSyncFlow`. @returns whether a job was added */
  async ensureSteps({ syncRunId, stepIds }: { readonly syncRunId: string; readonly stepIds: readonly string[] }) {
    const priorities = await this.roundsIn('sync', { count: stepIds.length });
    let hasAdded = false;
    for (const [index, stepId] of stepIds.entries())
      hasAdded =
        (await this.ensure('sync.step', { syncRunId, stepId }, { priority: priorities[index] ?? 0 })) || hasAdded;
    return hasAdded;
  }

  /**
   * Adds a recurring job. Its iterations survive crashes of the worker, and after an outage exactly one iteration catches up.
   * Setting the same schedule twice makes one schedule.
   */
  async schedule<Name extends JobName>(options: {
    readonly name: Name;
    readonly payload: JobPayload<Name>;
    readonly everyMs: number;
    readonly startAt?: Date;
  }): Promise<void> {
    const { name, payload, everyMs, startAt } = options;
    const queue = this.byName[catalog[name].queue];
    const id = schedulerId(name, payload);
    // Setting a schedule again does not change its next iteration, so a wrong one has to be removed first.
    if (isTooLate(await queue.getJobScheduler(id))) await queue.removeJobScheduler(id);
    await queue.upsertJobScheduler(
      id,
      { every: everyMs, ...(startAt ? { startDate: startAt } : {}) },
      {
        name,
        data: payload,
        opts: this.withTrace({
          ...commonOptions(name),
          removeOnComplete: { count: 100 },
          removeOnFail: { count: 100 },
        }),
      },
    );
  }

  /**
   * Adds a job that recurs by a cron expression. Setting it again plans it again from now. The sweep runs late schedules, because
   * it knows from the record what has run.
   */
  async scheduleCron<Name extends JobName>(options: {
    readonly name: Name;
    readonly payload: JobPayload<Name>;
    readonly cron: string;
    readonly timeZone: string;
  }): Promise<void> {
    const { name, payload, cron, timeZone } = options;
    await this.byName[catalog[name].queue].upsertJobScheduler(
      schedulerId(name, payload),
      { pattern: cron, tz: timeZone },
      {
        name,
        data: payload,
        opts: { ...commonOptions(name), removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
      },
    );
  }

  /** The schedules that have a job in Redis. */
  async listScheduledRuns(): Promise<ScheduledRun[]> {
    const schedulers = await this.byName[catalog['schedule.run'].queue].getJobSchedulers();
    return schedulers.flatMap(({ template, pattern: cron = '', tz: timeZone = '', next = 0 }) => {
      const scheduleId = (template?.data as { scheduleId?: string } | undefined)?.scheduleId;
      if (scheduleId === undefined) return [];
      return [{ scheduleId, cron, timeZone, isTooLate: isCronTooLate({ cron, timeZone, next }) }];
    });
  }

  /** Whether a schedule exists and its next iteration is at most one interval away. */
  async isScheduled<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<boolean> {
    const scheduler = await this.byName[catalog[name].queue].getJobScheduler(schedulerId(name, payload));
    return scheduler !== undefined && !isTooLate(scheduler);
  }

  /** An iteration that already waits still runs. Steps check their record first. */
  async unschedule<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<void> {
    await this.byName[catalog[name].queue].removeJobScheduler(schedulerId(name, payload));
  }

  /** The exports that have a scheduled poll. `isTooLate` means that the next iteration is later than it can be. */
  async listScheduledPolls(): Promise<{ readonly exportId: string; readonly isTooLate: boolean }[]> {
    const schedulers = await this.byName['bulk-export'].getJobSchedulers();
    return schedulers.flatMap((scheduler) => {
      const exportId = (scheduler.template?.data as { exportId?: string } | undefined)?.exportId;
      return exportId === undefined ? [] : [{ exportId, isTooLate: isTooLate(scheduler) }];
    });
  }

  async close(): Promise<void> {
    await Promise.all([...Object.values(this.byName), this.flows].map((queue) => queue.close()));
  }

  /** A `traceparent` consists of two random numbers and reveals nothing about the request. */
  private withTrace(options: JobsOptions): JobsOptions {
    const metadata = this.tracing.traceparent();
    return metadata === undefined ? options : { ...options, telemetry: { metadata } };
  }

  private async add<Name extends JobName>(name: Name, payload: JobPayload<Name>, options: JobsOptions = {}) {
    await this.byName[catalog[name].queue].add(
      name,
      payload,
      this.withTrace({ ...jobOptions(name, payload), ...options }),
    );
  }

  /** The rounds of an owner's next jobs in a queue whose jobs take turns. @param options.ahead see `nextRounds` */
  private async roundsIn(queue: QueueName, options: { readonly count: number; readonly ahead?: number }) {
    return nextRounds({ round: await readRound(this.byName[queue]), ahead: 0, ...options });
  }

  private toFlowJob<Name extends JobName>({ name, payload, priority }: FlowJob<Name>) {
    return {
      name,
      queueName: catalog[name].queue,
      data: payload,
      opts: this.withTrace({ ...jobOptions(name, payload), ...(priority === undefined ? {} : { priority }) }),
    };
  }

  private async addFlow<Parent extends JobName, Child extends JobName>(flow: {
    readonly parent: FlowJob<Parent>;
    readonly children: readonly FlowJob<Child>[];
  }): Promise<void> {
    const parent = this.toFlowJob(flow.parent);
    const toChild = (job: FlowJob<Child>) => {
      const child = this.toFlowJob(job);
      // Without this option, one failed child would leave the parent waiting for ever.
      return { ...child, opts: { ...child.opts, ignoreDependencyOnFailure: true } };
    };
    const { job } = await this.flows.add({ ...parent, children: flow.children.slice(0, addedAtOnce).map(toChild) });
    // The parent waits for those that are added now, too. If the first have ended by then, it
    // runs too early and does nothing, and the sweep adds it again.
    for (let from = addedAtOnce; from < flow.children.length; from += addedAtOnce) {
      const children = flow.children.slice(from, from + addedAtOnce).map(toChild);
      const parentOf = { id: job.id as string, queue: job.queueQualifiedName };
      const [first] = children;
      if (first)
        await this.byName[first.queueName].addBulk(
          children.map(({ name, data, opts }) => ({ name, data, opts: { ...opts, parent: parentOf } })),
        );
    }
  }

  /** Adds a job, in the place of the same job if that is in one of the states. */
  private async replace<Name extends JobName>(options: {
    readonly name: Name;
    readonly payload: JobPayload<Name>;
    readonly states: ReadonlySet<string>;
  }): Promise<void> {
    const { name, payload, states } = options;
    const { jobId = '' } = jobOptions(name, payload);
    const job: Job | undefined = await this.byName[catalog[name].queue].getJob(jobId);
    if (job && states.has(await job.getState())) await job.remove();
    await this.add(name, payload);
  }
}

/** A write that changes nothing, sent as a script, as BullMQ sends its writes. `pcall` returns the error as it is, in every version. */
const writeNothing = "return redis.pcall('SETRANGE', KEYS[1], 0, '')";

const failuresRead = 100;

/** BullMQ sends the jobs of a call in one transaction, which takes 15 KB of memory for each of them. */
const addedAtOnce = 1000;

async function listFailedNames(options: {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly since: Date;
}): Promise<string[]> {
  const { redis, queue, since } = options;
  const count = await redis.zcount(queue.toKey('failed'), since.getTime(), '+inf');
  if (count === 0) return [];
  const jobs: (Job | undefined)[] = await queue.getFailed(0, Math.min(count, failuresRead) - 1);
  // A job that another process has just removed is undefined.
  return jobs.flatMap((job) => (job ? [job.name] : []));
}

export interface ScheduledRun {
  readonly scheduleId: string;
  readonly cron: string;
  readonly timeZone: string;
  /** The next iteration was planned while the clock was ahead. */
  readonly isTooLate: boolean;
}

interface FlowJob<Name extends JobName> {
  readonly name: Name;
  readonly payload: JobPayload<Name>;
  /** A job without a priority runs before all jobs with one. */
  readonly priority?: number;
}

/** Larger than the error of any clock that NTP synchronizes. */
const clockToleranceMs = 60_000;

/** The job was added or attempted at a time in the future. The clock was ahead, so its wait is too long by the same amount. */
function isFromTheFuture({ processedOn, timestamp }: Job): boolean {
  return (processedOn ?? timestamp) > Date.now() + clockToleranceMs;
}

/** Whether the next iteration was planned while the clock was ahead. */
function isTooLate(scheduler: JobSchedulerJson | undefined): boolean {
  const { next = 0, every = 0 } = scheduler ?? {};
  return next > Date.now() + 2 * every + clockToleranceMs;
}

/** BullMQ and `nextRun` can differ by a day when summer time begins or ends. */
const cronToleranceMs = 24 * 60 * 60_000;

function isCronTooLate(options: Omit<ScheduledRun, 'scheduleId' | 'isTooLate'> & { next: number }): boolean {
  const { cron, timeZone, next } = options;
  // Redis may have jobs of another version of Node.js, which knew other time zones.
  if (!isTimeZone(timeZone)) return false;
  return next > nextRun({ cron, timeZone, spreadMs: 0 }, new Date()).getTime() + cronToleranceMs;
}

const finishedStates: ReadonlySet<string> = new Set(['completed', 'failed']);
const repeatableStates: ReadonlySet<string> = new Set([...finishedStates, 'delayed']);

/**
 * A job in one of these states will not run. `waiting-children` is one of them, because callers only ensure such a job after all
 * its files or steps have finished, and then the children that it waits for no longer exist.
 */
const restartableStates: ReadonlySet<string> = new Set([...finishedStates, 'unknown', 'waiting-children']);

function schedulerId<Name extends JobName>(name: Name, payload: JobPayload<Name>): string {
  return (catalog[name] as { jobId: (payload: JobPayload<Name>) => string }).jobId(payload);
}
