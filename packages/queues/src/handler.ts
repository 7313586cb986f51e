import type { JobName, JobPayload, QueueName } from './catalog.ts';

export type RetryAt = (error: unknown) => Date | undefined;

/** What a handler gets beside its payload. */
export interface JobContext {
  /** Aborted at shutdown, on a lost lock, on cancellation and at the job's time limit. */
  readonly signal: AbortSignal;
  readonly jobId: string;
  /** When the job runs again if it fails with this error. Undefined: it does not. A job that was cut off always runs again. */
  readonly retryAt: RetryAt;
  /** The job is part of a flow: another one waits for its end. */
  readonly hasParent: boolean;
  /**
   * Says that work was saved which the next attempt will not repeat.
   * @param percent how much is done, 0 to 100, if known: shown in Bull Board
   */
  readonly progress: (percent?: number) => void;
}

export type Job<Name extends JobName> = JobPayload<Name> & JobContext;
export type FailedJob<Name extends JobName> = JobPayload<Name> & { readonly error: unknown };

/** What a job does. `Deps` is what the handlers of a process work with. */
export interface Handler<Name extends JobName, Deps> {
  readonly run: (deps: Deps, job: Job<Name>) => Promise<unknown>;
  /**
   * Ends the record of a job that is given up: no attempt follows, or the job has killed its workers (`PoisonJobs`). An error of it
   * takes the place of the job's own, so the job runs again if that error allows it. A job without it has no record, or one that a
   * sweep repairs.
   */
  readonly onFinalFailure?: (deps: Deps, job: FailedJob<Name>) => Promise<unknown>;
}

export type Handlers<Deps> = { readonly [Name in JobName]: Handler<Name, Deps> };

/**
 * What became of one try of a job. `waits`: it comes again at a time that the error named, which counts as no try;
 * `handed-over`: the process stops, and another goes on with it.
 */
export type JobOutcome = 'completed' | 'retried' | 'failed' | 'waits' | 'handed-over';

export interface JobEnd {
  readonly queue: QueueName;
  /** `unknown`: what another version has added. */
  readonly job: JobName | 'unknown';
  readonly outcome: JobOutcome;
  readonly durationMs: number;
}

/** Told of each try of each job. */
export type JobObserver = (end: JobEnd) => void;
