import type { AppError } from '@bulkhead/domain';
import type { JobName, JobPayload } from './catalog.ts';

export type RetryAt = (error: unknown) => Date | undefined;

/** What a processor gets besides its payload. */
export interface JobContext {
  /** Aborted at shutdown, on a lost lock, on cancellation and at the job's time limit. */
  readonly signal: AbortSignal;
  readonly jobId: string;
  /**
   * When the job runs again if it fails with this error. Undefined if it does not: then its step has to end the record. A job
   * that was cut off always runs again.
   */
  readonly retryAt: RetryAt;
  /** The job is part of a flow: another one waits for its end. */
  readonly hasParent: boolean;
  /**
   * Says that work was saved which the next attempt will not repeat.
   * @param percent how much is done, 0 to 100, if known: shown in Bull Board
   */
  readonly progress: (percent?: number) => void;
}

export type Processor<Name extends JobName> = (payload: JobPayload<Name>, context: JobContext) => Promise<void>;
export type Processors = { readonly [Name in JobName]: Processor<Name> };

/**
 * Ends the record of a job that is given up without being run again (see `PoisonJobs`). A job without a handler has no record, or one
 * that a sweep repairs.
 */
export type FailureHandlers = {
  readonly [Name in JobName]?: (payload: JobPayload<Name>, error: AppError) => Promise<void>;
};
