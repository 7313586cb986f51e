import type { Logger } from '@bulkhead/base';
import { type JobDefinition, type Producer, work } from '@bulkhead/queues';
import { type FeatureWork, isStoreUnavailable } from '@bulkhead/store';
import { sweepJob } from '../jobs.ts';

export interface SweepDeps {
  readonly work: readonly FeatureWork[];
  readonly producer: Producer;
  /** The jobs that recur by themselves. */
  readonly recurringJobs: readonly JobDefinition<never>[];
  readonly logger: Logger;
}

/**
 * Creates the missing jobs of all active records, and removes polls that no record needs. Jobs are missing after a loss of Redis, after a
 * worker crashed between two steps, or if the API stored a record and could not enqueue its job. A fault of one part does not delay the
 * others.
 */
export const sweepWork = work(sweepJob, { run: sweep });

/** @throws the first error of a part, after all of them. Each is logged */
async function sweep(deps: SweepDeps): Promise<void> {
  const errors: unknown[] = [];
  for (const ensureJobs of [...deps.work.map((feature) => feature.ensureJobs), () => scheduleRecurring(deps)]) {
    try {
      await ensureJobs();
    } catch (error) {
      // Each part would wait for MongoDB in vain.
      if (isStoreUnavailable(error)) throw error;
      deps.logger.error('part of the sweep failed', { error });
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

async function scheduleRecurring({ producer, recurringJobs }: SweepDeps): Promise<void> {
  for (const job of recurringJobs as readonly JobDefinition<object>[])
    if (job.everyMs !== undefined && !(await producer.isScheduled(job, {})))
      await producer.schedule({ job, payload: {}, everyMs: job.everyMs });
}
