import type { z } from 'zod';
import type { QueueName } from './queue-names.ts';

export type RetryAt = (error: unknown) => Date | undefined;

/** The arguments of a job besides its payload. */
export interface JobContext {
  /** Aborted at shutdown, on a lost lock and at the job's time limit. */
  readonly signal: AbortSignal;
  /** Not aborted on a lost lock, for work that must not be repeated: another process may run the job, but its result is only here. */
  readonly endSignal: AbortSignal;
  readonly jobId: string;
  /** When the job would run again after this error. Undefined if it would not. An aborted job always runs again. */
  readonly retryAt: RetryAt;
  /** Whether the job is part of a flow, in which another job waits for it. */
  readonly hasParent: boolean;
  /**
   * Reports that work was saved which the next attempt will not repeat.
   * @param percent the progress from 0 to 100, if known. Bull Board shows it.
   */
  readonly progress: (percent?: number) => void;
}

/** The payload of a job that is given up, and the error of its last attempt. */
export type FailedJob<Payload> = Payload & { readonly error: unknown };

/** What a producer must know of a job. */
export interface JobDefinition<Payload> {
  /** Unique. Redis, the metrics and Bull Board show it. */
  readonly name: string;
  readonly queue: QueueName;
  /** Contains only ids, because Redis and Bull Board show payloads. */
  readonly payload: z.ZodType<Readonly<Record<string, unknown>>>;
  /** The job's id in Redis. Adding the same work twice makes one job. Letters, digits, `.`, `_` and `-` (BullMQ rejects `:`). */
  readonly jobId: (payload: Payload) => string;
  /** The number of attempts in all. Waits that an error asks for do not count. */
  readonly attempts: number;
  /** The wait before the second attempt. It doubles with each attempt, with jitter. */
  readonly backoffMs: number;
  /** An attempt that takes longer is aborted through its signal and counts as failed. */
  readonly timeoutMs: number;
  /** A job that can take hours and reports each part of its work. A part takes seconds, or some minutes at a slow EHR. */
  readonly reportsProgress?: boolean;
  /** Fields of the payload that traces show: Bulkhead's own ids, by which operators search. Other ids may contain a patient id. */
  readonly tracedIds?: readonly string[];
  /** The sweep keeps it scheduled at this interval. Its payload is empty. */
  readonly everyMs?: number;
}

/** A job and its work. `Deps` are the dependencies of its process. */
export interface Work<Payload, Deps> extends JobDefinition<Payload> {
  readonly run: (deps: Deps, job: Payload & JobContext) => Promise<unknown>;
  /**
   * Ends the record of a job that is given up, because no attempt follows or because the job has killed its workers (`PoisonJobs`).
   * If this throws, its error replaces the job's own, so the job runs again if that error allows it. It is not called after an outage of
   * the store. A job without this function has no record, or one that a sweep repairs.
   */
  readonly onFinalFailure?: (deps: Deps, job: FailedJob<Payload>) => Promise<unknown>;
}

/** Any work that a process with these dependencies can do. */
export type AnyWork<Deps> = Work<never, Deps>;

/** The type of `payload` sets that of `jobId`. An enqueue imports the definition, and so nothing of the work. */
export function defineJob<Schema extends z.ZodType<Readonly<Record<string, unknown>>>>(
  job: JobDefinition<z.output<Schema>> & { readonly payload: Schema },
): JobDefinition<z.output<Schema>> {
  return job;
}

/** Binds a job to its work, in the folder of its act. */
export function work<Payload, RunDeps, EndDeps>(
  job: JobDefinition<Payload>,
  acts: Pick<Work<Payload, RunDeps>, 'run'> & Pick<Work<Payload, EndDeps>, 'onFinalFailure'>,
): Work<Payload, RunDeps & EndDeps> {
  return { ...job, ...acts };
}

/** A job with the dependencies of its process. */
export interface BoundJob extends JobDefinition<never> {
  readonly run: (job: object & JobContext) => Promise<unknown>;
  readonly onFinalFailure: (job: FailedJob<object>) => Promise<unknown>;
}

/** Gives a job the dependencies of its process. */
export function bindWork<Deps>(job: AnyWork<Deps>, deps: Deps): BoundJob {
  // The payload was parsed by the schema of the job.
  return {
    ...job,
    run: (given) => job.run(deps, given as never),
    onFinalFailure: async (given) => job.onFinalFailure?.(deps, given as never),
  };
}

export const once = { attempts: 1, backoffMs: 0 } as const;
export const threeTimes = { attempts: 3, backoffMs: 1000 } as const;
/** 5 s doubled 9 times is 43 min. */
export const tenTimes = { attempts: 10, backoffMs: 5000 } as const;
export const minuteMs = 60_000;

/**
 * The result of one attempt. `waits` means that the job runs again at a time that the error named, which does not count as an
 * attempt. `handed-over` means that the process is stopping and another one continues the job.
 */
export type JobOutcome = 'completed' | 'retried' | 'failed' | 'waits' | 'handed-over';

export interface JobEnd {
  readonly queue: QueueName;
  /** `unknown` for a job that another version has added. */
  readonly job: string;
  readonly outcome: JobOutcome;
  readonly durationMs: number;
}

/** Called after each attempt of each job. */
export type JobObserver = (end: JobEnd) => void;
