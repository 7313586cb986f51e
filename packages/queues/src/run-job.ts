import { AppError } from '@bulkhead/domain';
import { type Logger, type Tracing, withLogContext } from '@bulkhead/runtime';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { catalog, isJobName, type JobName, type QueueName } from './catalog.ts';
import type { JobObserver, JobOutcome } from './job-observer.ts';
import { spanOf } from './job-span.ts';
import type { JobContext, Processors } from './processor.ts';

interface RunJobOptions {
  readonly job: Job;
  readonly token: string | undefined;
  /** Aborted when this job is cancelled. */
  readonly signal: AbortSignal | undefined;
  /** Aborted when the process stops. */
  readonly stopSignal: AbortSignal;
  readonly processors: Processors;
  readonly logger: Logger;
  readonly onJobEnd: JobObserver;
  readonly tracing: Tracing;
}

/** A wait that a server asks for can be a date in ten years; after an hour the job looks again whether it still holds. */
export const longestDelayMs = 60 * 60_000;
/** A job cut by shutdown is somebody else's after this: at once, but not before this worker has let go of it. */
const handOverMs = 500;

/**
 * The one wrapper of every processor: parses the payload, restores the log context, bounds the time, measures, logs, and
 * translates errors for BullMQ. Error texts that reach Redis are static: never an upstream body.
 */
export async function runJob(options: RunJobOptions): Promise<void> {
  const { job, logger } = options;
  if (!isJobName(job.name)) throw refuse(options, `there is no job ${job.name}`);
  const definition = catalog[job.name];
  const payload = definition.payload.safeParse(job.data);
  if (!payload.success) throw refuse(options, 'the payload does not fit the job: it was added by another version');
  const attempt = job.attemptsMade + 1;
  const context = { queue: definition.queue, job: job.name, jobId: job.id, attempt, ...payload.data };
  const work = async () => {
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    const end = (outcome: JobOutcome) =>
      options.onJobEnd({ queue: definition.queue, job: job.name as JobName, outcome, durationMs: durationMs() });
    try {
      await options.tracing.span(spanOf({ job, queue: definition.queue, payload: payload.data }), () =>
        process({ ...options, name: job.name as JobName, payload: payload.data }),
      );
      logger.debug('job completed', { durationMs: durationMs() });
      end('completed');
    } catch (error) {
      await translate({ ...options, error, isLastAttempt: isLastAttempt(job), durationMs: durationMs(), end });
    }
  };
  await withLogContext(context, work, (line) => show(job.log(line)));
}

/** In Bull Board; no job depends on what is shown of it. */
function show(shown: Promise<unknown>): void {
  shown.catch(() => undefined);
}

/** A job that no try can bring to an end. */
function refuse({ job, logger, onJobEnd }: RunJobOptions, reason: string): UnrecoverableError {
  const name = isJobName(job.name) ? job.name : 'unknown';
  onJobEnd({ queue: job.queueName as QueueName, job: name, outcome: 'failed', durationMs: 0 });
  logger.error('job failed', { queue: job.queueName, jobId: job.id, attempt: job.attemptsMade + 1, reason });
  return new UnrecoverableError(reason);
}

async function process(options: RunJobOptions & { readonly name: JobName; readonly payload: unknown }): Promise<void> {
  const { job, name, payload, signal, stopSignal, processors } = options;
  const limit = AbortSignal.timeout(catalog[name].timeoutMs);
  const context: JobContext = {
    signal: AbortSignal.any([stopSignal, limit, ...(signal ? [signal] : [])]),
    jobId: job.id ?? '',
    isLastAttempt: isLastAttempt(job),
    hasParent: job.parent !== undefined,
    progress: (percent) => show(job.updateProgress(Math.round(percent))),
  };
  // The payload was parsed by this name's schema.
  const processor = processors[name] as (payload: unknown, context: JobContext) => Promise<void>;
  await processor(payload, context);
}

function isLastAttempt(job: Job): boolean {
  return job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
}

async function translate(
  options: RunJobOptions & {
    readonly error: unknown;
    readonly isLastAttempt: boolean;
    readonly durationMs: number;
    readonly end: (outcome: JobOutcome) => void;
  },
): Promise<never> {
  const { job, token, stopSignal, logger, error, isLastAttempt: isLast, durationMs, end } = options;
  if (stopSignal.aborted) {
    end('handed-over');
    logger.info('job handed over', { durationMs });
    return delay(job, token, handOverMs);
  }
  const known = error instanceof AppError ? error : undefined;
  if (typeof known?.retry === 'object') {
    end('waits');
    logger.info('job waits', { durationMs, delayMs: known.retry.afterMs, code: known.code });
    return delay(job, token, known.retry.afterMs);
  }
  const isFinal = isLast || known?.retry === 'never';
  end(isFinal ? 'failed' : 'retried');
  if (isFinal) logger.error('job failed', { durationMs, error });
  else logger.warn('job will be retried', { durationMs, error });
  const text = known
    ? `${known.code}: ${known.message}`
    : `unexpected: ${error instanceof Error ? error.name : typeof error}`;
  throw known?.retry === 'never' ? new UnrecoverableError(text) : new Error(text);
}

async function delay(job: Job, token: string | undefined, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + Math.min(delayMs, longestDelayMs), token);
  throw new DelayedError();
}
