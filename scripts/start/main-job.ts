import { sinceLast } from '@bulkhead/domain';
import { coveredBefore } from '@bulkhead/service';
import type { Store } from '@bulkhead/store';
import { type ApiClient, ApiError } from './api-client.ts';

interface ExportView {
  readonly id: string;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
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
  /** Set where not everything is stored. */
  readonly reason?: string;
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
  const { filesCompleted, files, stored, promised } = counts;
  return `${phase}: ${filesCompleted} of ${files} files, ${stored.toLocaleString('en-US')} of ${promised.toLocaleString('en-US')} resources`;
}

function toResult({ id, status, counts, warnings, errorMessage }: ExportView): MainJobResult {
  const { stored, promised } = counts;
  const result = { exportId: id, stored, promised, warnings: warnings.map(({ message }) => message) };
  if (status !== 'COMPLETED') return { ...result, reason: errorMessage ?? `the export ended as ${status}` };
  return stored === promised ? result : { ...result, reason: 'not everything that was promised could be stored' };
}
