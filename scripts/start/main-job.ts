import { coveredBefore, sinceLast } from '@bulkhead/bulk-export';
import type { Store } from '@bulkhead/system';
import { type ApiClient, ApiError } from '../system/api-client.ts';

interface ExportView {
  readonly id: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly partial?: boolean;
  readonly phase: string;
  readonly progress?: string;
  readonly errorMessage?: string;
  readonly counts: {
    readonly files: number;
    readonly filesCompleted: number;
    readonly promised: number;
    readonly stored: number;
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

export interface MainJobResult {
  readonly exportId: string;
  readonly stored: number;
  readonly promised: number;
  readonly warnings: readonly string[];
  /** It completed, but something that was asked for is missing. */
  readonly partial: boolean;
  /** Why it did not complete. */
  readonly reason?: string;
}

/** @param counts.promised 0: the server need not give counts */
export function toStoredText({ stored, promised }: { readonly stored: number; readonly promised: number }): string {
  const [storedText, promisedText] = [stored, promised].map((count) => count.toLocaleString('en-US'));
  return promised === 0 ? `${storedText}` : `${storedText} of ${promisedText}`;
}

/** The API's status is one read of a record; twice a second looks alive. */
const pollMs = 500;

/**
 * One bulk export through the API, as a user's program would do it.
 * @throws Error at the signal: the export itself is not over.
 */
export async function runMainJob(options: {
  readonly api: ApiClient;
  readonly connectionId: string;
  /** Only what changed since; undefined for everything. */
  readonly since: string | undefined;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}): Promise<MainJobResult> {
  const { api, progress, signal } = options;
  const exportId = await startExport(options);
  for (;;) {
    const view = await api<ExportView>('GET', `/api/ehr/athenahealth/bulk-export/${exportId}`);
    progress(describe(view));
    if (view.status !== 'IN_PROGRESS') return toResult(view);
    if (signal?.aborted) throw new Error('interrupted; what is stored stays, and the next start exports again');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Where the last export of every type got. */
export async function lastTransactionTime({
  store,
  connectionId,
}: {
  readonly store: Store;
  readonly connectionId: string;
}) {
  const watermarks = await store.watermarks.list({ connectionId, exportType: 'Patient' });
  return sinceLast({ resourceTypes: [], watermarks, now: new Date(), covers: coveredBefore }).since;
}

/** An export that an earlier start left unfinished is ended first: its files went with the simulator of that start. */
async function startExport({
  api,
  connectionId,
  since,
}: {
  api: ApiClient;
  connectionId: string;
  since: string | undefined;
}) {
  const path = '/api/ehr/athenahealth/bulk-export';
  const body = { connectionId, exportType: 'Patient', ...(since === undefined ? {} : { since }) };
  const start = async () => (await api<{ id: string }>('POST', path, body)).id;
  try {
    return await start();
  } catch (error) {
    const left = error instanceof ApiError && error.status === 409 && (error.details as { exportId?: string }).exportId;
    if (!left) throw error;
    await api('DELETE', `${path}/${left}`);
    return await start();
  }
}

function describe({ phase, progress, counts }: ExportView): string {
  if (counts.files === 0) return `${phase}${progress === undefined ? '' : ` (${progress})`}`;
  return `${phase}: ${counts.filesCompleted} of ${counts.files} files, ${toStoredText(counts)} resources`;
}

function toResult({ id, status, partial = false, counts, warnings, errorMessage }: ExportView): MainJobResult {
  const { stored, promised } = counts;
  const result = { exportId: id, stored, promised, partial, warnings: warnings.map(({ message }) => message) };
  return status === 'COMPLETED' ? result : { ...result, reason: errorMessage ?? `the export ended as ${status}` };
}
