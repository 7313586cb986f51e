import { anyProvider, api, type BulkExport, createListReader, type OutputFile, queryClient } from '../api/api.ts';
import { type StreamState, useEventStream } from '../api/use-event-stream.ts';
import { mergeFiles } from './output-files.ts';

interface Envelope<Data> {
  readonly success: true;
  data: Data;
}

/** Updates the export and its ledger on the page from the event stream. */
export function useLiveExport(options: { readonly jobId: string; readonly isRunning: boolean }): StreamState {
  const { jobId, isRunning } = options;
  const params = { path: { provider: anyProvider, jobId } };
  const exportKey = api.queryOptions('get', '/api/ehr/{provider}/bulk-export/{jobId}', { params }).queryKey;
  const filesKey = api.queryOptions('get', '/api/ehr/{provider}/bulk-export/{jobId}/files', { params }).queryKey;

  /** A read that has begun may have read the ledger of the former phase. */
  const readFilesAgain = async () => {
    await queryClient.cancelQueries({ queryKey: filesKey });
    await queryClient.invalidateQueries({ queryKey: filesKey });
  };
  const takeExport = (record: BulkExport) => {
    const before = queryClient.getQueryData<Envelope<BulkExport>>(exportKey)?.data;
    queryClient.setQueryData(exportKey, { success: true, data: record });
    // The ledger exists once the manifest is read. A finished export is read as a whole.
    if (before?.phase !== record.phase) void readFilesAgain();
  };
  const takeFiles = (changed: readonly OutputFile[]) =>
    queryClient.setQueryData<Envelope<OutputFile[]>>(
      filesKey,
      (before) => before && { success: true, data: mergeFiles({ files: before.data, changed }) },
    );
  return useEventStream({
    url: isRunning ? `/api/ehr/${anyProvider}/bulk-export/${jobId}/events` : undefined,
    events: ['export', 'files'],
    onEvent: (event, data) => {
      if (event === 'export') takeExport(data as BulkExport);
      else takeFiles(data as OutputFile[]);
    },
  });
}

const readList = createListReader('/api/ehr/{provider}/bulk-export');

/** Reads the list again when the newest exports have changed. */
export function useLiveExports(connectionId?: string): StreamState {
  const query = connectionId === undefined ? '' : `?${new URLSearchParams({ connectionId })}`;
  return useEventStream({
    url: `/api/ehr/${anyProvider}/bulk-export/events${query}`,
    events: ['exports'],
    onEvent: () => void readList(),
  });
}
