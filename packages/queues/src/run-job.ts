import { AppError, type Logger, observeWaits, type Tracing, withLogContext } from '@bulkhead/base';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { ActiveJobs } from './active-jobs.ts';
import type { BoundJob, JobContext, JobDefinition, JobObserver, JobOutcome } from './define-job.ts';
import { planRetry, type RetryPlan } from './plan-retry.ts';
import { isSuspectWait, type PoisonJobs, poisonJobError } from './poison-jobs.ts';
import type { QueueName } from './queue-names.ts';

interface RunJobOptions {
  readonly job: Job;
  readonly token: string | undefined;
  /** Aborted when the lock of this job is lost. */
  readonly signal: AbortSignal | undefined;
  /** Aborted when the process stops. */
  readonly stopSignal: AbortSignal;
  /** By name. */
  readonly jobs: ReadonlyMap<string, BoundJob>;
  readonly isOutage: (error: unknown) => boolean;
  readonly poisonJobs: PoisonJobs;
  readonly activeJobs: ActiveJobs;
  readonly logger: Logger;
  readonly onJobEnd: JobObserver;
  readonly tracing: Tracing;
}

/** After a shutdown, another process can take an aborted job soon, but not before this worker has released it. */
const handOverMs = 500;

/**
 * Wraps every job: parses the payload, restores the log context, limits the time, measures, logs, ends the record of a job that
 * is given up, and translates errors for BullMQ. Error texts that reach Redis are fixed and never contain an upstream body.
 */
export async function runJob(options: RunJobOptions): Promise<void> {
  const { job, logger } = options;
  const definition = options.jobs.get(job.name);
  if (!definition) throw refuse(options, `there is no job ${job.name}`);
  const payload = definition.payload.safeParse(job.data);
  if (!payload.success) throw refuse(options, 'the payload does not fit the job: it was added by another version');
  const attempt = job.attemptsMade + 1;
  const context = { queue: definition.queue, job: job.name, jobId: job.id, attempt, ...payload.data };
  const work = async () => {
    const startedAt = performance.now();
    const durationMs = () => Math.round(performance.now() - startedAt);
    const end = (outcome: JobOutcome) =>
      options.onJobEnd({ queue: definition.queue, job: job.name, outcome, durationMs: durationMs() });
    try {
      await options.tracing.span(
        spanOf({ job, queue: definition.queue, payload: payload.data, tracedIds: definition.tracedIds }),
        () => handleUnlessPoison({ ...options, definition, payload: payload.data }),
      );
      logger.debug('job completed', { durationMs: durationMs() });
      end('completed');
    } catch (error) {
      await translate({ ...options, error, definition, durationMs: durationMs(), end });
    }
  };
  await withLogContext(context, work, (line) => show(job.log(line)));
}

/** Updates what Bull Board shows. No job depends on it. */
function show(shown: Promise<unknown>): void {
  shown.catch(() => undefined);
}

/** Rejects a job that no attempt can complete. */
function refuse({ job, jobs, logger, onJobEnd }: RunJobOptions, reason: string): UnrecoverableError {
  const name = jobs.has(job.name) ? job.name : 'unknown';
  onJobEnd({ queue: job.queueName as QueueName, job: name, outcome: 'failed', durationMs: 0 });
  logger.error('job failed', { queue: job.queueName, jobId: job.id, attempt: job.attemptsMade + 1, reason });
  return new UnrecoverableError(reason);
}

type Work = RunJobOptions & { readonly definition: BoundJob; readonly payload: object };

async function handleUnlessPoison(options: Work): Promise<void> {
  const { job, poisonJobs, definition } = options;
  switch (await poisonJobs.assess(job)) {
    case 'none':
      return handle(options);
    case 'poison': {
      const error = poisonJobError(definition.name);
      await giveUp(options, error);
      throw error;
    }
    case 'suspect': {
      poisonJobs.enter(job);
      try {
        return await handle(options);
      } finally {
        poisonJobs.leave(job);
      }
    }
  }
}

async function handle(options: Work): Promise<void> {
  const { job, definition, payload, signal: lockSignal, stopSignal, poisonJobs, activeJobs } = options;
  const { timeoutMs } = definition;
  // Unlike AbortSignal.timeout, this timer does not keep an ended job in memory until the limit, which may be hours away.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException('The job took too long.', 'TimeoutError')), timeoutMs);
  const endSignal = AbortSignal.any([stopSignal, limit.signal]);
  const signal = AbortSignal.any([endSignal, ...(lockSignal ? [lockSignal] : [])]);
  const active = activeJobs.begin({ definition, jobId: job.id ?? '' });
  const context: JobContext = {
    signal,
    endSignal,
    jobId: job.id ?? '',
    retryAt: (error) => {
      const plan = planOf(options, error);
      if (signal.aborted) return new Date();
      return plan.kind === 'none' ? undefined : new Date(Date.now() + plan.delayMs);
    },
    hasParent: job.parent !== undefined,
    progress: (percent) => {
      active.progress();
      poisonJobs.clear(job);
      if (percent !== undefined) show(job.updateProgress(Math.round(percent)));
    },
  };
  try {
    await observeWaits(active.observeWaits(poisonJobs.observeWaits(job)), () =>
      definition.run({ ...payload, ...context }),
    );
  } catch (error) {
    // A recurring job is not given up: its next iteration is the retry.
    if (!signal.aborted && !isRecurring(job) && planOf(options, error).kind === 'none') await giveUp(options, error);
    throw error;
  } finally {
    clearTimeout(timer);
    active.end();
  }
}

async function giveUp({ definition, payload }: Work, error: unknown): Promise<void> {
  await definition.onFinalFailure({ ...payload, error });
}

function isRecurring(job: Job): boolean {
  return job.repeatJobKey !== undefined;
}

function planOf(
  { job, definition, isOutage }: Pick<Work, 'job' | 'isOutage'> & { readonly definition: JobDefinition<never> },
  error: unknown,
): RetryPlan {
  return planRetry({
    error,
    // Iterations that wait would add up.
    isOutage: !isRecurring(job) && isOutage(error),
    jobId: job.id ?? '',
    attempt: job.attemptsMade + 1,
    attempts: job.opts.attempts ?? 1,
    backoffMs: definition.backoffMs,
  });
}

async function translate(
  options: RunJobOptions & {
    readonly error: unknown;
    readonly definition: JobDefinition<never>;
    readonly durationMs: number;
    readonly end: (outcome: JobOutcome) => void;
  },
): Promise<never> {
  const { job, token, stopSignal, poisonJobs, logger, error, durationMs, end } = options;
  if (stopSignal.aborted) {
    end('handed-over');
    logger.info('job handed over', { durationMs });
    await job.moveToDelayed(Date.now() + handOverMs, token);
    throw new DelayedError();
  }
  const appError = error instanceof AppError ? error : undefined;
  const plan = planOf(options, error);
  if (plan.kind === 'wait') {
    end('waits');
    logger.info('job waits', {
      durationMs,
      delayMs: plan.delayMs,
      ...(appError ? { code: appError.code } : { error }),
    });
    await job.moveToDelayed(Date.now() + plan.delayMs, token);
    if (isSuspectWait(error)) poisonJobs.wait(job);
    throw new DelayedError();
  }
  const isFinal = plan.kind === 'none';
  end(isFinal ? 'failed' : 'retried');
  if (isFinal) logger.error('job failed', { durationMs, error });
  else logger.warn('job will be retried', { durationMs, error });
  const text = appError
    ? `${appError.code}: ${appError.message}`
    : `unexpected: ${error instanceof Error ? error.name : typeof error}`;
  throw isFinal ? new UnrecoverableError(text) : new Error(text);
}

/**
 * A job continues the trace of the code that added it. Each iteration of a recurring job has its own trace with a link to that
 * code. Otherwise an export of two days would be one trace with thousands of spans.
 */
function spanOf(options: {
  readonly job: Job;
  readonly queue: QueueName;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly tracedIds: readonly string[] | undefined;
}): Parameters<Tracing['span']>[0] {
  const { job, queue, payload, tracedIds = [] } = options;
  const carried = job.opts.telemetry?.metadata;
  const ids = tracedIds.flatMap((name) => {
    const id = payload[name];
    return typeof id === 'string' ? [[`bulkhead.${name}`, id] as const] : [];
  });
  return {
    name: job.name,
    kind: 'consumer',
    ...(job.repeatJobKey === undefined ? { parent: carried } : { link: carried }),
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'bulkhead.attempt': job.attemptsMade + 1,
      ...Object.fromEntries(ids),
    },
  };
}
