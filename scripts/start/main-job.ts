import { coveredBefore, sinceLast } from '@bulkhead/imports/export';
import type { ExportView } from '@bulkhead/imports/export/commands';
import type { Store } from '@bulkhead/system';
import { type ApiClient, ApiError } from '../system/api-client.ts';

/** @param counts.promised 0 if the server gave no counts */
export function toStoredText({ stored, promised }: { readonly stored: number; readonly promised: number }): string {
  const [storedText, promisedText] = [stored, promised].map((count) => count.toLocaleString('en-US'));
  return promised === 0 ? `${storedText}` : `${storedText} of ${promisedText}`;
}

/** A status request reads one record. Two requests a second keep the display current. */
const pollMs = 500;

/**
 * Runs one bulk export through the API, as a user's program would.
 *
 * @throws Error if the signal aborts; the export itself continues
 */
export async function runMainJob(options: {
  readonly api: ApiClient;
  readonly connectionId: string;
  /** Export only what changed since this time; undefined exports everything. */
  readonly since: string | undefined;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}) {
  const { api, progress, signal } = options;
  const exportId = await startExport(options);
  for (;;) {
    const view = await api<ExportView>('GET', `/api/ehr/athenahealth/bulk-export/${exportId}`);
    progress(describe(view));
    if (view.status !== 'IN_PROGRESS') return toResult(view);
    if (signal?.aborted) throw new Error('interrupted; stored resources are kept, and the next start exports again');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Returns the time from which an incremental export has to continue, or undefined if a full export is necessary. */
export async function lastTransactionTime(store: Store, connectionId: string) {
  const watermarks = await store.watermarks.list({ connectionId, exportType: 'Patient' });
  return sinceLast({ resourceTypes: [], watermarks, now: new Date(), covers: coveredBefore }).since;
}

/** Cancels an export that an earlier start left unfinished: its files were lost with the simulator of that start. */
async function startExport(options: { api: ApiClient; connectionId: string; since: string | undefined }) {
  const { api, connectionId, since } = options;
  const path = '/api/ehr/athenahealth/bulk-export';
  const body = { connectionId, exportType: 'Patient', ...(since === undefined ? {} : { since }) };
  const start = async () => (await api<{ id: string }>('POST', path, body)).id;
  try {
    return await start();
  } catch (error) {
    const activeId =
      error instanceof ApiError && error.status === 409 && (error.details as { exportId?: string }).exportId;
    if (!activeId) throw error;
    await api('DELETE', `${path}/${activeId}`);
    return await start();
  }
}

function describe({ phase, progress, counts }: ExportView): string {
  if (counts.files === 0) return `${phase}${progress === undefined ? '' : ` (${progress})`}`;
  return `${phase}: ${counts.filesCompleted} of ${counts.files} files, ${toStoredText(counts)} resources`;
}

function toResult({ id, status, partial = false, counts, warnings, errorMessage }: ExportView) {
  const { stored, promised } = counts;
  return {
    exportId: id,
    stored,
    promised,
    warnings: warnings.map(({ message }) => message),
    /** The export completed, but something that was requested is missing. */
    partial,
    /** Why the export did not complete. */
    reason: status === 'COMPLETED' ? undefined : (errorMessage ?? `the export ended as ${status}`),
  };
}
