import { AppError, type ErrorCode, type ExportError, toExportError } from '@bulkhead/base';
import type { FailedJob } from '@bulkhead/queues';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { isInPhase } from '../runs/index.ts';
import type { ActivePhase } from './bulk-export-phase.ts';
import { exportError } from './errors.ts';
import type { BulkExportDeps } from './export-deps.ts';
import { discardJob } from './jobs.ts';

/** After these errors a retry starts a new export at the server, so the old one is deleted there. */
const lostExports: ReadonlySet<ErrorCode> = new Set(['export-timeout', 'export-failed-at-ehr']);

/** Marks an export as failed if it is in one of these phases. In a later phase the error no longer matters. Its next poll is its last. */
export async function failExport(
  { store, producer, logger, now }: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  options: {
    readonly exportId: string;
    readonly error: ExportError;
    readonly phases: readonly ActivePhase[];
    /** The error counts only for this version of the record. A retry starts another export at the server. */
    readonly version?: number;
  },
): Promise<void> {
  const { exportId, error, phases, version } = options;
  for (;;) {
    const record = await store.bulkExports.find(exportId);
    if (!record || !isInPhase(record, ...phases)) return;
    if (version !== undefined && record.version !== version) return;
    const { statusUrl, madeGroup } = record;
    const isDiscarded = statusUrl === undefined ? madeGroup !== undefined : lostExports.has(error.code);
    const change = {
      error,
      completedAt: now(),
      counts: await store.outputFiles.sum(exportId),
      ...(isDiscarded ? { discard: 'due' as const } : {}),
    };
    if (await store.bulkExports.transition({ from: record, to: 'failed', change, unset: ['retrying'] })) {
      if (isDiscarded) await producer.enqueueAgain(discardJob, { exportId });
      break;
    }
  }
  await producer.enqueueAgain(notifyJob, { kind: 'bulk-export', id: exportId });
  logger.error('export failed', { exportId, code: error.code });
}

/** Fails an export whose job has failed finally. See `failExport`. */
export function failExportIn(...phases: readonly ActivePhase[]) {
  return (
    deps: BulkExportDeps<'bulkExports' | 'outputFiles'>,
    { exportId, error }: FailedJob<{ readonly exportId: string }>,
  ): Promise<void> => failExport(deps, { exportId, error: toExportError(error), phases });
}

export function exportGone(cause?: unknown): AppError {
  return exportError('export-gone', { cause, ehrText: cause instanceof AppError ? cause.ehrText : undefined });
}
