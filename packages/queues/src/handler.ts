import type { JobName, JobPayload, QueueName } from './catalog.ts';

export type RetryAt = (error: unknown) => Date | undefined;

/** The arguments of a handler besides its payload. */
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

export type Job<Name extends JobName> = JobPayload<Name> & JobContext;
export type FailedJob<Name extends JobName> = JobPayload<Name> & { readonly error: unknown };

/** The work of a job. `Deps` are the dependencies of the handlers of a process. */
export interface Handler<Name extends JobName, Deps> {
  readonly run: (deps: Deps, job: Job<Name>) => Promise<unknown>;
  /**
   * Ends the record of a job that is given up, because no attempt follows or because the job has killed its workers (`PoisonJobs`).
   * If this throws, its error replaces the job's own, so the job runs again if that error allows it. A job without this function
   * has no record, or one that a sweep repairs.
   */
  readonly onFinalFailure?: (deps: Deps, job: FailedJob<Name>) => Promise<unknown>;
}

export type Handlers<Deps> = { readonly [Name in JobName]: Handler<Name, Deps> };

/**
 * The result of one attempt. `waits` means that the job runs again at a time that the error named, which does not count as an
 * attempt. `handed-over` means that the process is stopping and another one continues the job.
 */
export type JobOutcome = 'completed' | 'retried' | 'failed' | 'waits' | 'handed-over';

export interface JobEnd {
  readonly queue: QueueName;
  /** `unknown` for a job that another version has added. */
  readonly job: JobName | 'unknown';
  readonly outcome: JobOutcome;
  readonly durationMs: number;
}

/** Called after each attempt of each job. */
export type JobObserver = (end: JobEnd) => void;
