import { type ExportError, toExportError } from '@bulkhead/base';
import type { FailedJob } from '@bulkhead/queues';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import type { SyncDeps } from './sync-deps.ts';
import { isSyncActive } from './sync-run-phase.ts';

/** Fails a run whose job has failed finally. */
export async function failGivenUpSync(
  deps: SyncDeps<'syncRuns'>,
  { syncRunId, error }: FailedJob<{ readonly syncRunId: string }>,
): Promise<void> {
  await failSync(deps, { syncRunId, error: toExportError(error) });
}

/** Marks a run as failed, because it cannot be planned or ended. */
export async function failSync(
  { store, producer, logger, now }: SyncDeps<'syncRuns'>,
  options: { readonly syncRunId: string; readonly error: ExportError },
): Promise<void> {
  const { syncRunId, error } = options;
  for (;;) {
    const run = await store.syncRuns.find(syncRunId);
    if (!run || !isSyncActive(run)) return;
    if (await store.syncRuns.transition({ from: run, to: 'failed', change: { error, completedAt: now() } })) break;
  }
  await producer.enqueueAgain(notifyJob, { kind: 'sync-run', id: syncRunId });
  logger.error('sync failed', { syncRunId, code: error.code });
}

export function waitedTooLong({ code }: ExportError): ExportError {
  return {
    code: 'search-waited-too-long',
    message: `The sync has waited for 24 hours without a response. The last reason was ${code}. What was read before is stored. Retry the run when the EHR responds again.`,
  };
}
