import type { JobName, QueueName } from './catalog.ts';

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
