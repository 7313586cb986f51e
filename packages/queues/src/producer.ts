import { noTracing, type Tracing } from '@bulkhead/base';
import { isTimeZone, nextRun } from '@bulkhead/base/cron';
import { FlowProducer, type Job, type JobSchedulerJson, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobDefinition } from './define-job.ts';
import { commonOptions, jobOptions, nextRounds, readRound } from './job-options.ts';
import { type QueueFigures, readQueueFigures } from './queue-figures.ts';
import { type QueueName, queueNames } from './queue-names.ts';
import { ScheduledJobs } from './scheduled-jobs.ts';

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
  readonly #redis;
  readonly #prefix;
  readonly #tracing;
  readonly #byName;
  readonly #flows;
  readonly #scheduled = new ScheduledJobs();

  constructor({ redis, prefix, onError, tracing = noTracing }: ProducerOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#tracing = tracing;
    const base = { connection: redis, prefix };
    this.#byName = Object.fromEntries(
      queueNames.map((name) => [name, new Queue(name, base).on('error', onError)]),
    ) as Record<QueueName, Queue>;
    this.#flows = new FlowProducer(base).on('error', onError);
    this.queues = Object.values(this.#byName);
  }

  /** @throws if Redis does not answer */
  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  /** @throws if Redis does not answer, or refuses to store jobs, for example because it has no memory left or is a replica */
  async checkWritable(): Promise<void> {
    await this.#redis.eval(writeNothing, 1, `${this.#prefix}:writable`);
  }

  /** Adds a job. The same job is not added again while the first one is kept. */
  enqueue<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>) {
    return this.#add(job, payload);
  }

  /**
   * Adds a job again if the same one has finished and is still kept, for work that is due again. A job that waits or runs is not
   * changed.
   */
  enqueueAgain<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>) {
    return this.#replace({ job, payload, states: finishedStates });
  }

  /**
   * As `enqueueAgain`, but a job that waits for its next attempt is replaced too, so that it runs now and has all its attempts. Use it
   * if a person repeats the work.
   */
  enqueueNow<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>) {
    return this.#replace({ job, payload, states: repeatableStates });
  }

  /**
   * Makes sure that a job will run. It adds the job if there is none, and again if the job has finished although its record says
   * that there is work left.
   * @returns whether a job was added
   */
  async ensure<Payload extends object>(
    job: JobDefinition<Payload>,
    payload: NoInfer<Payload>,
    options: JobsOptions = {},
  ): Promise<boolean> {
    const stored: Job | undefined = await this.#byName[job.queue].getJob(job.jobId(payload));
    const state = stored && (await stored.getState());
    if (stored && state === 'delayed' && isFromTheFuture(stored)) {
      await stored.promote();
      return true;
    }
    if (state !== undefined && !restartableStates.has(state)) return false;
    await stored?.remove();
    await this.#add(job, payload, options);
    return true;
  }

  /** `ensure` for jobs that take turns as in `addFlow`. @returns whether a job was added */
  async ensureAll<Payload extends object>(
    job: JobDefinition<Payload>,
    payloads: readonly NoInfer<Payload>[],
  ): Promise<boolean> {
    const priorities = await this.#roundsIn(job.queue, { count: payloads.length });
    let hasAdded = false;
    for (const [index, payload] of payloads.entries())
      hasAdded = (await this.ensure(job, payload, { priority: priorities[index] ?? 0 })) || hasAdded;
    return hasAdded;
  }

  /** Removes a job that has finished and is still kept, so that a flow can wait for new jobs with it. */
  async forgetFinished<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>): Promise<void> {
    await this.#remove({ job, payload, states: finishedStates });
  }

  /** The state of each queue. */
  readFigures(): Promise<QueueFigures[]> {
    return Promise.all(Object.values(this.#byName).map(readQueueFigures));
  }

  /**
   * Counts the jobs that have failed for good since `since`, by name. It sends one command for each queue, and reads the last 100
   * failures of a queue that has any.
   */
  async countFailed(since: Date): Promise<ReadonlyMap<string, number>> {
    const names = await Promise.all(
      Object.values(this.#byName).map((queue) => listFailedNames({ redis: this.#redis, queue, since })),
    );
    const byName = Map.groupBy(names.flat(), (name) => name);
    return new Map([...byName].map(([name, jobs]) => [name, jobs.length]));
  }

  /** The number of jobs of a queue that have not finished. */
  countWaiting(queue: QueueName): Promise<number> {
    return this.#byName[queue].getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active');
  }

  /**
   * Adds jobs, and a job that runs after all of them have ended. Adding the flow twice runs nothing twice. The jobs take turns with those
   * of other flows.
   * @param flow.ahead the number of unfinished jobs in other flows of the same owner
   */
  async addFlow<Parent extends object, Child extends object>(flow: {
    readonly parent: { readonly job: JobDefinition<Parent>; readonly payload: NoInfer<Parent> };
    readonly children: { readonly job: JobDefinition<Child>; readonly payloads: readonly NoInfer<Child>[] };
    readonly ahead?: number;
  }): Promise<void> {
    const { parent, children, ahead = 0 } = flow;
    const { queue, name } = children.job;
    const priorities = await this.#roundsIn(queue, { count: children.payloads.length, ahead });
    const flowJobs = children.payloads.map((data, index) => ({
      name,
      queueName: queue,
      data,
      // Without `ignoreDependencyOnFailure`, one failed child would leave the parent waiting for ever.
      opts: this.#withTrace({
        ...jobOptions(children.job, data),
        priority: priorities[index] ?? 0,
        ignoreDependencyOnFailure: true,
      }),
    }));
    const { job } = await this.#flows.add({
      name: parent.job.name,
      queueName: parent.job.queue,
      data: parent.payload,
      opts: this.#withTrace(jobOptions(parent.job, parent.payload)),
      children: flowJobs.slice(0, addedAtOnce),
    });
    const parentOf = { id: job.id as string, queue: job.queueQualifiedName };
    // The parent waits for those that are added now, too. If the first have ended by then, it
    // runs too early and does nothing, and the sweep adds it again.
    for (let from = addedAtOnce; from < flowJobs.length; from += addedAtOnce) {
      const added = flowJobs.slice(from, from + addedAtOnce);
      await this.#byName[queue].addBulk(
        added.map(({ data, opts }) => ({ name, data, opts: { ...opts, parent: parentOf } })),
      );
    }
  }

  /**
   * Adds a recurring job. Its iterations survive crashes of the worker, and after an outage exactly one iteration catches up.
   * Setting the same schedule twice makes one schedule.
   */
  async schedule<Payload extends object>(options: {
    readonly job: JobDefinition<Payload>;
    readonly payload: NoInfer<Payload>;
    readonly everyMs: number;
    readonly startAt?: Date;
  }): Promise<void> {
    const { job, payload, everyMs, startAt } = options;
    const queue = this.#byName[job.queue];
    const id = job.jobId(payload);
    // Setting a schedule again does not change its next iteration, so a wrong one has to be removed first.
    if (isTooLate(await queue.getJobScheduler(id))) await queue.removeJobScheduler(id);
    this.#scheduled.forget(queue, id);
    const template = this.#templateOf(job, payload);
    const repeat = { every: everyMs, ...(startAt ? { startDate: startAt } : {}) };
    await queue.upsertJobScheduler(id, repeat, { ...template, opts: this.#withTrace(template.opts) });
  }

  /**
   * Adds a job that recurs by a cron expression. Setting it again plans it again from now. The sweep runs late schedules, because
   * it knows from the record what has run.
   */
  async scheduleCron<Payload extends object>(options: {
    readonly job: JobDefinition<Payload>;
    readonly payload: NoInfer<Payload>;
    readonly cron: string;
    readonly timeZone: string;
  }): Promise<void> {
    const { job, payload, cron, timeZone } = options;
    const queue = this.#byName[job.queue];
    const id = job.jobId(payload);
    this.#scheduled.forget(queue, id);
    await queue.upsertJobScheduler(id, { pattern: cron, tz: timeZone }, this.#templateOf(job, payload));
  }

  /** The schedules of a job that are in Redis. @returns their payloads, as they were added */
  async listScheduled<Payload extends object>(job: JobDefinition<Payload>): Promise<Scheduled<Partial<Payload>>[]> {
    const schedulers = await this.#scheduled.list(this.#byName[job.queue]);
    return schedulers
      .filter(({ template, name }) => name === job.name && template?.data !== undefined)
      .map((scheduler) => ({
        payload: scheduler.template?.data as Partial<Payload>,
        cron: scheduler.pattern ?? '',
        timeZone: scheduler.tz ?? '',
        isTooLate: scheduler.pattern === undefined ? isTooLate(scheduler) : isCronTooLate(scheduler),
      }));
  }

  /** Whether a schedule exists and its next iteration is at most one interval away. */
  async isScheduled<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>): Promise<boolean> {
    const scheduler = await this.#byName[job.queue].getJobScheduler(job.jobId(payload));
    return scheduler !== undefined && !isTooLate(scheduler);
  }

  /** An iteration that already waits still runs. Steps check their record first. */
  async unschedule<Payload extends object>(job: JobDefinition<Payload>, payload: NoInfer<Payload>): Promise<void> {
    await this.#byName[job.queue].removeJobScheduler(job.jobId(payload));
  }

  async close(): Promise<void> {
    await Promise.all([...Object.values(this.#byName), this.#flows].map((queue) => queue.close()));
  }

  /** The iterations of a recurring job. */
  #templateOf<Payload extends object>(job: JobDefinition<Payload>, data: Payload) {
    const kept = { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } };
    return { name: job.name, data, opts: { ...commonOptions(job), ...kept } };
  }

  /** A `traceparent` consists of two random numbers and reveals nothing about the request. */
  #withTrace(options: JobsOptions): JobsOptions {
    const metadata = this.#tracing.traceparent();
    return metadata === undefined ? options : { ...options, telemetry: { metadata } };
  }

  async #add<Payload extends object>(job: JobDefinition<Payload>, payload: Payload, options: JobsOptions = {}) {
    await this.#byName[job.queue].add(job.name, payload, this.#withTrace({ ...jobOptions(job, payload), ...options }));
  }

  /** The rounds of an owner's next jobs in a queue whose jobs take turns. @param options.ahead see `nextRounds` */
  async #roundsIn(queue: QueueName, options: { readonly count: number; readonly ahead?: number }) {
    return nextRounds({ round: await readRound(this.#byName[queue]), ahead: 0, ...options });
  }

  /** Adds a job, in the place of the same job if that is in one of the states. */
  async #replace<Payload extends object>(options: {
    readonly job: JobDefinition<Payload>;
    readonly payload: Payload;
    readonly states: ReadonlySet<string>;
  }): Promise<void> {
    await this.#remove(options);
    await this.#add(options.job, options.payload);
  }

  async #remove<Payload extends object>(options: {
    readonly job: JobDefinition<Payload>;
    readonly payload: Payload;
    readonly states: ReadonlySet<string>;
  }): Promise<void> {
    const { job, payload, states } = options;
    const stored: Job | undefined = await this.#byName[job.queue].getJob(job.jobId(payload));
    if (stored && states.has(await stored.getState())) await stored.remove();
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

export interface Scheduled<Payload> {
  readonly payload: Payload;
  /** Empty for a job that recurs at an interval, as the time zone. */
  readonly cron: string;
  readonly timeZone: string;
  /** The next iteration was planned while the clock was ahead. */
  readonly isTooLate: boolean;
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

function isCronTooLate({ pattern: cron = '', tz: timeZone = '', next = 0 }: JobSchedulerJson): boolean {
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
