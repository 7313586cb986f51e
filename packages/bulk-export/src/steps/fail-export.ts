import type { FailedJob } from '@bulkhead/queues';
import { AppError, type ExportError, toExportError } from '@bulkhead/runtime';
import { type BulkExportPhase, isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from './deps.ts';

/** After these errors a retry starts a new export at the server, so the old one is deleted there. */
const lostExports: ReadonlySet<string> = new Set(['export-timeout', 'export-failed-at-ehr']);

/** Ends an export as failed, from whatever phase it is in. */
export async function failExport(
  { store, producer, logger, now }: BulkExportDeps,
  { exportId, error }: { readonly exportId: string; readonly error: ExportError },
): Promise<void> {
  for (;;) {
    const record = await store.bulkExports.find(exportId);
    if (!record || isTerminal(record.phase)) return;
    const isUseless = lostExports.has(error.code) && record.statusUrl !== undefined;
    const change = {
      error,
      completedAt: now(),
      counts: await store.outputFiles.sum(exportId),
      ...(isUseless ? { discard: 'due' as const } : {}),
    };
    if (await store.bulkExports.transition({ from: record, to: 'failed', change, unset: ['retrying'] })) {
      if (isUseless) await producer.enqueueAgain('export.discard', { exportId });
      break;
    }
  }
  await producer.unschedule('export.poll', { exportId });
  await producer.enqueueAgain('webhook.notify', { kind: 'bulk-export', id: exportId });
  logger.error('export failed', { exportId, code: error.code });
}

/** Fails an export whose job is given up in one of these phases. A job that outlived its phase has nothing to end. */
export function failExportIn(...phases: readonly BulkExportPhase[]) {
  return async (deps: BulkExportDeps, { exportId, error }: FailedJob<'export.poll'>): Promise<void> => {
    const record = await deps.store.bulkExports.find(exportId);
    if (record && phases.includes(record.phase)) await failExport(deps, { exportId, error: toExportError(error) });
  };
}

export function exportGone(cause?: unknown): AppError {
  return new AppError({
    code: 'export-gone',
    message: 'The EHR no longer has the export: it expired, or was deleted there. Retry it, which asks for a new one.',
    retry: 'never',
    cause,
    ehrText: cause instanceof AppError ? cause.ehrText : undefined,
  });
}
