import type { Producer } from '@bulkhead/queues';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { syncError } from './errors.ts';
import type { SyncStore } from './sync.feature.ts';
import type { SyncRun } from './sync-run.record.ts';
import { isSyncActive } from './sync-run-phase.ts';

/**
 * Cancels a sync run at once. Its searches stop at their next page. Does nothing if it is already cancelled.
 * @throws AppError `sync-ended` if it has ended in another way
 */
export async function cancelSync(options: {
  readonly store: Pick<SyncStore, 'syncRuns' | 'syncSteps'>;
  readonly producer: Producer;
  readonly find: () => Promise<SyncRun>;
  readonly by?: string | undefined;
}): Promise<{ readonly run: SyncRun; readonly isChanged: boolean }> {
  const { store, producer, find, by } = options;
  for (;;) {
    const run = await find();
    if (run.phase === 'cancelled') return { run, isChanged: false };
    if (!isSyncActive(run)) throw syncError('sync-ended', { context: { syncRunId: run.id, phase: run.phase } });
    const cancelled = await store.syncRuns.transition({
      from: run,
      to: 'cancelled',
      change: { completedAt: new Date() },
      by,
    });
    if (!cancelled) continue;
    await store.syncSteps.cancelUnsettled(run.id);
    await producer.enqueueAgain(notifyJob, { kind: 'sync-run', id: run.id }).catch(() => undefined);
    return { run: cancelled, isChanged: true };
  }
}
