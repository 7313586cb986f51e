/*
 * A worker whose jobs wait for something that never comes looks healthy: its connections answer, and nothing fails. So each job shows that it
 * makes progress, and the worker says that it is not ready if one does not.
 */
import type { Logger, WaitObserver } from '@bulkhead/base';
import type { JobDefinition } from './define-job.ts';

const minuteMs = 60_000;

type TimedJob = Pick<JobDefinition<never>, 'name' | 'timeoutMs' | 'reportsProgress'>;

const maxSilenceMs = 15 * minuteMs;
/** A job ends soon after its time limit has aborted it. */
const endsWithinMs = minuteMs;

/** The running attempt of a job. */
interface ActiveJob {
  readonly definition: TimedJob;
  readonly jobId: string;
  /** By the monotonic clock: the start, the last reported progress, or the end of the last wait for a request budget. */
  sinceMs: number;
  /** How many of its requests wait for a request budget, which can take hours. */
  waits: number;
  isReported: boolean;
}

/** The jobs that run in this process. */
export class ActiveJobs {
  readonly #jobs = new Set<ActiveJob>();
  readonly #logger: Pick<Logger, 'error'>;
  readonly #silenceMs: (job: TimedJob) => number;

  constructor({
    logger,
    silenceMs = silenceOf,
  }: {
    readonly logger: Pick<Logger, 'error'>;
    /** How long a job may show no progress. */
    readonly silenceMs?: ((job: TimedJob) => number) | undefined;
  }) {
    this.#logger = logger;
    this.#silenceMs = silenceMs;
  }

  /** Call `end` when the attempt has ended. */
  begin({ definition, jobId }: { readonly definition: TimedJob; readonly jobId: string }) {
    const job: ActiveJob = { definition, jobId, sinceMs: performance.now(), waits: 0, isReported: false };
    this.#jobs.add(job);
    const progress = () => {
      job.sinceMs = performance.now();
      job.isReported = false;
    };
    return {
      progress,
      /** @param other gets each wait too */
      observeWaits: (other: WaitObserver): WaitObserver => ({
        begins() {
          job.waits += 1;
          other.begins();
        },
        ends() {
          job.waits -= 1;
          progress();
          other.ends();
        },
      }),
      end: () => this.#jobs.delete(job),
    };
  }

  /** @throws if a job shows no progress */
  check(): void {
    const silent = [...this.#jobs].filter(
      ({ definition, sinceMs, waits }) => waits === 0 && performance.now() - sinceMs > this.#silenceMs(definition),
    );
    for (const job of silent.filter(({ isReported }) => !isReported)) {
      job.isReported = true;
      const { definition, jobId, sinceMs } = job;
      this.#logger.error('job makes no progress', {
        job: definition.name,
        jobId,
        durationMs: Math.round(performance.now() - sinceMs),
      });
    }
    if (silent.length > 0) throw new Error(`${silent.length} job(s) make no progress`);
  }
}

function silenceOf({ reportsProgress, timeoutMs }: TimedJob): number {
  return reportsProgress ? maxSilenceMs : timeoutMs + endsWithinMs;
}
