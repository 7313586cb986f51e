import type { FailedJob } from '@bulkhead/queues';
import { AppError, type ExportError, toExportError } from '@bulkhead/runtime';
import { type BulkExportPhase, isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from './deps.ts';

/** After these errors a retry starts a new export at the server, so the old one is deleted there. */
const lostExports: ReadonlySet<string> = new Set(['export-timeout', 'export-failed-at-ehr']);

/** Marks an export as failed, in whatever phase it is. */
export async function failExport(
  { store, producer, logger, now }: BulkExportDeps,
  { exportId, error }: { readonly exportId: string; readonly error: ExportError },
): Promise<void> {
  for (;;) {
    const record = await store.bulkExports.find(exportId);
    if (!record || isTerminal(record.phase)) return;
    const isDiscarded = lostExports.has(error.code) && record.statusUrl !== undefined;
    const change = {
      error,
      completedAt: now(),
      counts: await store.outputFiles.sum(exportId),
      ...(isDiscarded ? { discard: 'due' as const } : {}),
    };
    if (await store.bulkExports.transition({ from: record, to: 'failed', change, unset: ['retrying'] })) {
      if (isDiscarded) await producer.enqueueAgain('export.discard', { exportId });
      break;
    }
  }
  await producer.unschedule('export.poll', { exportId });
  await producer.enqueueAgain('webhook.notify', { kind: 'bulk-export', id: exportId });
  logger.error('export failed', { exportId, code: error.code });
}

/**
 * Fails an export if its job has failed finally while the export is in one of these phases. In a later phase the job no longer
 * matters.
 */
export function failExportIn(...phases: readonly BulkExportPhase[]) {
  return async (deps: BulkExportDeps, { exportId, error }: FailedJob<'export.poll'>): Promise<void> => {
    const record = await deps.store.bulkExports.find(exportId);
    if (record && phases.includes(record.phase)) await failExport(deps, { exportId, error: toExportError(error) });
  };
}

export function exportGone(cause?: unknown): AppError {
  return new AppError({
    code: 'export-gone',
    message:
      'The EHR no longer has the export. It expired or was deleted there. Retry the export, which starts a new one at the EHR.',
    retry: 'never',
    cause,
    ehrText: cause instanceof AppError ? cause.ehrText : undefined,
  });
}
