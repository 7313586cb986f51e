import { nextRun, noTracing, type Tracing } from '@bulkhead/runtime';
import { FlowProducer, type Job, type JobSchedulerJson, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { catalog, type JobName, type JobPayload, type QueueName, queueNames } from './catalog.ts';
import { commonOptions, jobOptions, readRound, takeTurns } from './job-options.ts';
import { type QueueFigures, readQueueFigures } from './queue-figures.ts';

export interface ProducerOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /** Called for errors of the connection that no caller sees. */
  readonly onError: (error: Error) => void;
  /** What is under way here goes on in the job. */
  readonly tracing?: Tracing;
}

export type Producer = ReturnType<typeof createProducer>;

/** Adds jobs. It returns only after Redis has the job: a failure is the caller's to handle, never silent. */
export function createProducer({ redis, prefix, onError, tracing = noTracing }: ProducerOptions) {
  const base = { connection: redis, prefix };
  const queues = Object.fromEntries(
    queueNames.map((name) => [name, new Queue(name, base).on('error', onError)]),
  ) as Record<QueueName, Queue>;
  const flows = new FlowProducer(base).on('error', onError);

  /** A `traceparent` is two random numbers: nothing of the request that it names. */
  const withTrace = (options: JobsOptions): JobsOptions => {
    const metadata = tracing.traceparent();
    return metadata === undefined ? options : { ...options, telemetry: { metadata } };
  };
  const add = async <Name extends JobName>(
    name: Name,
    payload: JobPayload<Name>,
    options: JobsOptions = {},
  ): Promise<void> => {
    await queues[catalog[name].queue].add(name, payload, withTrace({ ...jobOptions(name, payload), ...options }));
  };

  /**
   * Makes sure that a job will run: adds it if there is none, and again if one has finished although its record says that there
   * is work left.
   * @returns whether a job was added
   */
  const ensure = async <Name extends JobName>(
    name: Name,
    payload: JobPayload<Name>,
    options: JobsOptions = {},
  ): Promise<boolean> => {
    const queue = queues[catalog[name].queue];
    const { jobId = '' } = jobOptions(name, payload);
    const job: Job | undefined = await queue.getJob(jobId);
    const state = job && (await job.getState());
    if (job && state === 'delayed' && isFromTheFuture(job)) {
      await job.promote();
      return true;
    }
    if (state !== undefined && !restartableStates.has(state)) return false;
    await job?.remove();
    await add(name, payload, options);
    return true;
  };

  const toFlowJob = <Name extends JobName>({ name, payload, priority }: FlowJob<Name>) => ({
    name,
    queueName: catalog[name].queue,
    data: payload,
    opts: withTrace({ ...jobOptions(name, payload), ...(priority === undefined ? {} : { priority }) }),
  });
  const addFlow = async <Parent extends JobName, Child extends JobName>(flow: {
    readonly parent: FlowJob<Parent>;
    readonly children: readonly FlowJob<Child>[];
  }): Promise<void> => {
    // Otherwise one failed child leaves the parent waiting for ever.
    const children = flow.children.map(toFlowJob).map((child) => ({
      ...child,
      opts: { ...child.opts, ignoreDependencyOnFailure: true },
    }));
    await flows.add({ ...toFlowJob(flow.parent), children });
  };

  return {
    /** For Bull Board. */
    queues: Object.values(queues),

    /** Living workers by queue. */
    async countWorkers(): Promise<Readonly<Record<QueueName, number>>> {
      const counts = queueNames.map(async (name) => [name, await queues[name].getWorkersCount()] as const);
      return Object.fromEntries(await Promise.all(counts)) as Record<QueueName, number>;
    },

    /** @throws where Redis does not answer. */
    async ping(): Promise<void> {
      await redis.ping();
    },

    /** Adds a job; the same one a second time is dropped while the first is kept. */
    enqueue: <Name extends JobName>(name: Name, payload: JobPayload<Name>) => add(name, payload),

    /**
     * Adds a job in the place of the same one that has finished and is still kept: for work that is due again. One that
     * waits or runs is left alone.
     */
    async enqueueAgain<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<void> {
      const { jobId = '' } = jobOptions(name, payload);
      const job: Job | undefined = await queues[catalog[name].queue].getJob(jobId);
      if (job && finishedStates.has(await job.getState())) await job.remove();
      await add(name, payload);
    },

    ensure,

    /** How each queue stands. */
    readFigures: (): Promise<QueueFigures[]> => Promise.all(Object.values(queues).map(readQueueFigures)),

    /** Jobs of a queue that are still to run. */
    countWaiting: (queue: QueueName): Promise<number> =>
      queues[queue].getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active'),

    /**
     * The job of an export's finish, waiting for a download of each file. A second add runs nothing twice. The files take turns
     * with those of other connections.
     * @param options.filesAhead unsettled files of the connection's other exports
     */
    async addExportFlow(options: {
      readonly exportId: string;
      readonly fileIds: readonly string[];
      readonly filesAhead?: number;
    }): Promise<void> {
      const { exportId, fileIds, filesAhead = 0 } = options;
      const priorities = takeTurns({
        round: await readRound(queues['file-download']),
        filesAhead,
        count: fileIds.length,
      });
      await addFlow({
        parent: { name: 'export.finalize', payload: { exportId } },
        children: fileIds.map((fileId, index) => ({
          name: 'file.download',
          payload: { exportId, fileId },
          priority: priorities[index] ?? 0,
        })),
      });
    },

    /** `ensure` for the downloads of an export; they take turns as those of `addExportFlow`. @returns whether a job was added */
    async ensureDownloads({ exportId, fileIds }: { readonly exportId: string; readonly fileIds: readonly string[] }) {
      const priorities = takeTurns({
        round: await readRound(queues['file-download']),
        filesAhead: 0,
        count: fileIds.length,
      });
      let hasAdded = false;
      for (const [index, fileId] of fileIds.entries())
        hasAdded =
          (await ensure('file.download', { exportId, fileId }, { priority: priorities[index] ?? 0 })) || hasAdded;
      return hasAdded;
    },

    /** The job of a sync's finish, waiting for each step. A second add runs nothing twice. */
    addSyncFlow: ({ syncRunId, stepIds }: { readonly syncRunId: string; readonly stepIds: readonly string[] }) =>
      addFlow({
        parent: { name: 'sync.finalize', payload: { syncRunId } },
        children: stepIds.map((stepId) => ({ name: 'sync.step', payload: { syncRunId, stepId } })),
      }),

    /**
     * A job that comes again by itself. Its iterations survive crashes of the worker, and after an outage there is
     * exactly one to catch up. The same schedule set twice is one.
     */
    async schedule<Name extends JobName>(options: {
      readonly name: Name;
      readonly payload: JobPayload<Name>;
      readonly everyMs: number;
      readonly startAt?: Date;
    }): Promise<void> {
      const { name, payload, everyMs, startAt } = options;
      const queue = queues[catalog[name].queue];
      const id = schedulerId(name, payload);
      // Setting a schedule again leaves its next iteration where it is.
      if (isAstray(await queue.getJobScheduler(id))) await queue.removeJobScheduler(id);
      await queue.upsertJobScheduler(
        id,
        { every: everyMs, ...(startAt ? { startDate: startAt } : {}) },
        {
          name,
          data: payload,
          opts: withTrace({ ...commonOptions(name), removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } }),
        },
      );
    },

    /**
     * A job that comes again by a cron. Set again it is planned anew from now: what is late is for the sweep, which knows
     * from the record what has run.
     */
    async scheduleCron<Name extends JobName>(options: {
      readonly name: Name;
      readonly payload: JobPayload<Name>;
      readonly cron: string;
      readonly timeZone: string;
    }): Promise<void> {
      const { name, payload, cron, timeZone } = options;
      await queues[catalog[name].queue].upsertJobScheduler(
        schedulerId(name, payload),
        { pattern: cron, tz: timeZone },
        {
          name,
          data: payload,
          opts: { ...commonOptions(name), removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
        },
      );
    },

    /** The schedules that have a job. */
    async listScheduledRuns(): Promise<ScheduledRun[]> {
      const schedulers = await queues[catalog['schedule.run'].queue].getJobSchedulers();
      return schedulers.flatMap(({ template, pattern: cron = '', tz: timeZone = '', next = 0 }) => {
        const scheduleId = (template?.data as { scheduleId?: string } | undefined)?.scheduleId;
        if (scheduleId === undefined) return [];
        return [{ scheduleId, cron, timeZone, astray: isCronAstray({ cron, timeZone, next }) }];
      });
    },

    /** Whether a schedule is there, and its next iteration no further away than one interval. */
    async isScheduled<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<boolean> {
      const scheduler = await queues[catalog[name].queue].getJobScheduler(schedulerId(name, payload));
      return scheduler !== undefined && !isAstray(scheduler);
    },

    /** An iteration that waits already still runs: processors look at their record first. */
    async unschedule<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<void> {
      await queues[catalog[name].queue].removeJobScheduler(schedulerId(name, payload));
    },

    /** The exports that have a poll scheduled; `astray`: its next iteration is further away than it can be. */
    async listScheduledPolls(): Promise<{ readonly exportId: string; readonly astray: boolean }[]> {
      const schedulers = await queues['bulk-export'].getJobSchedulers();
      return schedulers.flatMap((scheduler) => {
        const exportId = (scheduler.template?.data as { exportId?: string } | undefined)?.exportId;
        return exportId === undefined ? [] : [{ exportId, astray: isAstray(scheduler) }];
      });
    },

    async close(): Promise<void> {
      await Promise.all([...Object.values(queues), flows].map((one) => one.close()));
    },
  };
}

interface ScheduledRun {
  readonly scheduleId: string;
  readonly cron: string;
  readonly timeZone: string;
  /** Its next iteration was planned while the clock was ahead. */
  readonly astray: boolean;
}

interface FlowJob<Name extends JobName> {
  readonly name: Name;
  readonly payload: JobPayload<Name>;
  /** Left out: before every job that has one. */
  readonly priority?: number;
}

/** More than a clock is ever off that is kept by NTP. */
const clockToleranceMs = 60_000;

/** It was added or tried at a time that is still to come: the clock was ahead, and its wait is too long by as much. */
function isFromTheFuture({ processedOn, timestamp }: Job): boolean {
  return (processedOn ?? timestamp) > Date.now() + clockToleranceMs;
}

/** Its next iteration was planned while the clock was ahead. */
function isAstray(scheduler: JobSchedulerJson | undefined): boolean {
  const { next = 0, every = 0 } = scheduler ?? {};
  return next > Date.now() + 2 * every + clockToleranceMs;
}

/** BullMQ and `nextRun` may differ by a day if summer time begins or ends. */
const cronToleranceMs = 24 * 60 * 60_000;

function isCronAstray({
  cron,
  timeZone,
  next,
}: Omit<ScheduledRun, 'scheduleId' | 'astray'> & { next: number }): boolean {
  return next > nextRun({ cron, timeZone, spreadMs: 0 }, new Date()).getTime() + cronToleranceMs;
}

const finishedStates: ReadonlySet<string> = new Set(['completed', 'failed']);

/**
 * A job in one of these states does nothing any more. `waiting-children` is among them because only a settled ledger asks
 * for such a job, and then the children that it waits for are gone.
 */
const restartableStates: ReadonlySet<string> = new Set([...finishedStates, 'unknown', 'waiting-children']);

function schedulerId<Name extends JobName>(name: Name, payload: JobPayload<Name>): string {
  return (catalog[name] as { jobId: (payload: JobPayload<Name>) => string }).jobId(payload);
}
