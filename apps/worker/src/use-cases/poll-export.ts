import { AppError, type BulkExport, pollDelay, pollErrorDelay } from '@bulkhead/domain';
import { EhrHttpError, readExportStatus } from '@bulkhead/ehr-client';
import { acceptManifest } from './accept-manifest.ts';
import { connectionGone } from './connection-gone.ts';
import type { ExportStep, UseCaseDeps } from './deps.ts';
import { failExport, toExportError } from './fail-export.ts';

/** The guide: contact support if an export is stuck for more than an hour. */
const stuckAgeMs = 60 * 60_000;
/** Real exports take 6 h on average and under 24 h; twice that is not coming any more. */
const maxExportAgeMs = 48 * 60 * 60_000;
/** Status requests in a row that may fail; with the doubled waits about two hours of an EHR's outage. */
const maxPollErrors = 15;
/** Iterations overlap where one is slow, up to the 90 s that a silent server gets; a killed worker's lease ends soon after. */
const leaseMs = 2 * 60_000;

/** One status request, if it is time for one. */
export async function pollExport(
  deps: UseCaseDeps,
  { exportId, signal, owner }: ExportStep & { readonly owner: string },
) {
  const { store, producer, now } = deps;
  const record = await store.bulkExports.find(exportId);
  if (record?.phase !== 'exporting') {
    await producer.unschedule('export.poll', { exportId });
    return;
  }
  if (record.notBefore && now() < record.notBefore) return;
  const until = new Date(now().getTime() + leaseMs);
  if (!(await store.bulkExports.takeLease({ id: exportId, owner, now: now(), until }))) return;
  try {
    await checkAge(deps, record);
    await ask(deps, { record, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    await handleError(deps, { record, error });
  } finally {
    await store.bulkExports.releaseLease({ id: exportId, owner });
  }
}

async function ask(
  deps: UseCaseDeps,
  { record, signal }: { readonly record: BulkExport; readonly signal: AbortSignal },
) {
  const { store, ehr, now, pollIntervalMs: floorMs } = deps;
  const connection = await store.connections.find(record.connectionId);
  if (!connection || record.statusUrl === undefined) throw connectionGone();
  const session = ehr.session(connection);
  const status = await readExportStatus({ session, statusUrl: record.statusUrl, signal });
  if (status.kind === 'complete') return acceptManifest(deps, { record, manifest: status.manifest });
  const change = {
    pollCount: record.pollCount + 1,
    pollErrors: 0,
    notBefore: new Date(now().getTime() + pollDelay({ retryAfterMs: status.retryAfterMs, floorMs })),
    ...(status.progress === undefined ? {} : { progress: status.progress }),
  };
  await store.bulkExports.update({ id: record.id, phase: 'exporting', change });
}

async function checkAge({ store, now }: UseCaseDeps, { id, kickedOffAt, createdAt }: BulkExport): Promise<void> {
  const ageMs = now().getTime() - (kickedOffAt ?? createdAt).getTime();
  if (ageMs > maxExportAgeMs) throw tooOld();
  if (ageMs > stuckAgeMs) {
    const message =
      'The EHR has been exporting for over an hour. Exports can take a day; if it lasts, contact its support.';
    await store.bulkExports.warn({ id, code: 'export-slow', message });
  }
}

async function handleError(
  deps: UseCaseDeps,
  { record, error }: { readonly record: BulkExport; readonly error: unknown },
): Promise<void> {
  const { store, logger, now, pollIntervalMs: floorMs } = deps;
  const pollErrors = record.pollErrors + 1;
  const isFinal = (error instanceof AppError && error.retry === 'never') || pollErrors > maxPollErrors;
  if (isFinal) return failExport(deps, { exportId: record.id, error: toExportError(error) });
  logger.warn('status request failed', { exportId: record.id, count: pollErrors, error });
  const retryAfterMs = error instanceof EhrHttpError ? error.retryAfterMs : undefined;
  const notBefore = new Date(now().getTime() + pollErrorDelay({ errorsInARow: pollErrors, retryAfterMs, floorMs }));
  const change = { pollErrors, pollCount: record.pollCount + 1, notBefore };
  await store.bulkExports.update({ id: record.id, phase: 'exporting', change });
}

function tooOld(): AppError {
  return new AppError({
    code: 'export-timeout',
    message:
      "The EHR did not finish the export within 48 hours. Ask for it again, with fewer types, or contact the EHR's support.",
    retry: 'never',
  });
}
