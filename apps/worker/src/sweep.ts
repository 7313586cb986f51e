import { isStoreUnavailable } from '@bulkhead/store';
import type { WorkerDeps } from './deps.ts';

/**
 * Creates the missing jobs of all active records, and removes polls that no record needs. Jobs are missing after a loss of Redis, after a
 * worker crashed between two steps, or if the API stored a record and could not enqueue its job. A fault of one part does not delay the
 * others.
 * @throws the first error of a part, after all of them. Each is logged
 */
export async function sweep(deps: WorkerDeps): Promise<void> {
  const errors: unknown[] = [];
  for (const ensureJobs of [...deps.work.map((feature) => feature.ensureJobs), () => scheduleMaintenance(deps)]) {
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

/** Retention is counted in days. After a loss of Redis it is at most an hour late, and a long pass continues after an hour. */
const retainEveryMs = 60 * 60_000;
/** A backlog that lasts a minute is worth showing. */
const sampleEveryMs = 60_000;

/** Events that were removed within an hour are not missed by a comparison with a kept head. */
const keepHeadEveryMs = 60 * 60_000;

async function scheduleMaintenance({ producer }: WorkerDeps): Promise<void> {
  const repeated = [
    { name: 'maintenance.retain', everyMs: retainEveryMs },
    { name: 'maintenance.sample-history', everyMs: sampleEveryMs },
    { name: 'maintenance.keep-audit-head', everyMs: keepHeadEveryMs },
  ] as const;
  for (const { name, everyMs } of repeated) {
    if (!(await producer.isScheduled(name, {}))) await producer.schedule({ name, payload: {}, everyMs });
  }
}
