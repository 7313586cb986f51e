import { AppError, type ExportError, isTerminal } from '@bulkhead/domain';
import type { UseCaseDeps } from './deps.ts';

/** Ends an export as failed, from whatever phase it is in. */
export async function failExport(
  { store, producer, logger, now }: UseCaseDeps,
  { exportId, error }: { readonly exportId: string; readonly error: ExportError },
): Promise<void> {
  for (;;) {
    const record = await store.bulkExports.find(exportId);
    if (!record || isTerminal(record.phase)) return;
    const isUseless = error.code === 'export-timeout' && record.statusUrl !== undefined;
    const change = {
      error,
      completedAt: now(),
      counts: await store.outputFiles.sum(exportId),
      // Otherwise the server's files are kept for a retry.
      ...(isUseless ? { discard: 'due' as const } : {}),
    };
    if (await store.bulkExports.transition({ from: record, to: 'failed', change })) break;
  }
  await producer.unschedule('export.poll', { exportId });
  await producer.enqueueAgain('webhook.notify', { kind: 'bulk-export', id: exportId });
  logger.error('export failed', { exportId, code: error.code });
}

/** What a client reads in `errorMessage`: our own static texts, never an upstream body. */
export function toExportError(error: unknown): ExportError {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'internal', message: "The export failed for a reason that is in the workers' log. Ask for it again." };
}
