import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { downloadFile } from '../use-cases/download-file.ts';
import { createExportContexts } from '../use-cases/export-contexts.ts';

export function createDownloadFileProcessor(deps: UseCaseDeps): Processor<'file.download'> {
  const contexts = createExportContexts(deps);
  return async ({ exportId, fileId }, { signal, retryAt, hasParent, progress }) => {
    await downloadFile(deps, { fileId, contexts, signal, retryAt, progress });
    // A file whose flow was lost with Redis has no parent that finishes the export, and must not wait for a sweep.
    if (!hasParent && !(await deps.store.outputFiles.hasUnsettled(exportId)))
      await deps.producer.enqueueAgain('export.finalize', { exportId });
  };
}
