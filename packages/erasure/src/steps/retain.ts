import { type RetainedKind, retainedKinds } from '../retention/create-retention.ts';
import type { ErasureDeps } from './deps.ts';

const dayMs = 24 * 60 * 60_000;

/** One page of ids and small fields, so that memory use does not depend on how much is due. */
const recordsPerBatch = 500;
/** 50,000 records of each kind per hour. A busy deployment writes fewer, and the load on workers stays low. */
const batchesPerRun = 100;

/** Deletes records that are older than their retention. If the job ends before all are deleted, the next job continues. */
export async function retain(deps: ErasureDeps, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const faults: unknown[] = [];
  for (const kind of retainedKinds) {
    if (deps.retentionDays[kind] === 0) continue;
    try {
      await retainKind(deps, { kind, signal });
    } catch (error) {
      // The other kinds must not wait for this one.
      deps.logger.error('retention failed', { kind, error });
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

async function retainKind(
  { store, logger, databaseNow, retentionDays }: ErasureDeps,
  { kind, signal }: { readonly kind: RetainedKind; readonly signal: AbortSignal },
): Promise<void> {
  const at = await databaseNow();
  const olderThan = new Date(at.getTime() - retentionDays[kind] * dayMs);
  let deleted = 0;
  for (let batch = 0; batch < batchesPerRun; batch++) {
    signal.throwIfAborted();
    const result = await store.retention[kind]({ now: at, olderThan, limit: recordsPerBatch });
    deleted += result.deleted;
    if (!result.hasMore) break;
  }
  if (deleted > 0) logger.info('old records deleted', { kind, count: deleted });
}
