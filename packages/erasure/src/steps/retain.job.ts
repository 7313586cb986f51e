import { work } from '@bulkhead/queues';
import type { RetentionStep } from '@bulkhead/store';
import { retainJob } from '../jobs.ts';
import type { ErasureDeps } from './deps.ts';

/** Deletes records that are older than their retention. If the job ends before all are deleted, the next job continues. */
export const retainWork = work(retainJob, { run: retain });

const dayMs = 24 * 60 * 60_000;

/** One page of ids and small fields, so that memory use does not depend on how much is due. */
const recordsPerBatch = 500;
/** 50,000 records of each kind per hour. A busy deployment writes fewer, and the load on workers stays low. */
const batchesPerRun = 100;

async function retain(deps: ErasureDeps<'retention'>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const faults: unknown[] = [];
  for (const [kind, step] of Object.entries(deps.store.retention)) {
    // A kind without a setting is kept.
    const { [kind]: days = 0 } = deps.retentionDays;
    if (days === 0) continue;
    try {
      await retainKind(deps, { kind, days, step, signal });
    } catch (error) {
      // The other kinds must not wait for this one.
      deps.logger.error('retention failed', { kind, error });
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

async function retainKind(
  { logger, databaseNow, onRetained }: ErasureDeps<never>,
  options: {
    readonly kind: string;
    readonly days: number;
    readonly step: RetentionStep;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { kind, days, step, signal } = options;
  const at = await databaseNow();
  const olderThan = new Date(at.getTime() - days * dayMs);
  let deleted = 0;
  for (let batch = 0; batch < batchesPerRun; batch++) {
    signal.throwIfAborted();
    const result = await step({ now: at, olderThan, limit: recordsPerBatch });
    deleted += result.deleted;
    onRetained?.(kind, result.deleted);
    if (!result.hasMore) break;
  }
  if (deleted > 0) logger.info('old records deleted', { kind, count: deleted });
}
