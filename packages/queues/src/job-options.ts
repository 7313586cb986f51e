import type { JobsOptions } from 'bullmq';
import { catalog, type JobName, type JobPayload } from './catalog.ts';

/** Finished jobs are kept for a day, so that a second add of the same work is seen; failures for a week, to be looked at. */
const keepCompleted = { age: 86_400, count: 5000 };
const keepFailed = { age: 7 * 86_400, count: 5000 };

/** Of a job in Bull Board: a file that is tried again all day says the same many times. */
const shownLines = 100;

export function jobOptions<Name extends JobName>(name: Name, payload: JobPayload<Name>): JobsOptions {
  const { jobId } = catalog[name] as { jobId: (payload: JobPayload<Name>) => string };
  return { ...commonOptions(name), jobId: jobId(payload) };
}

export function commonOptions(name: JobName): JobsOptions {
  const { attempts, backoffMs } = catalog[name];
  return {
    attempts,
    // Planned by `backoffDelayMs`, which a status can ask as well.
    backoff: { type: 'planned', delay: backoffMs },
    removeOnComplete: keepCompleted,
    removeOnFail: keepFailed,
    keepLogs: shownLines,
    stackTraceLimit: 0,
  };
}
