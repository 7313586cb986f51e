import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { downloadFile } from '../use-cases/download-file.ts';

export function createDownloadFileProcessor(deps: UseCaseDeps): Processor<'file.download'> {
  return async ({ exportId, fileId }, { signal, isLastAttempt, progress }) => {
    await downloadFile(deps, { fileId, signal, isLastAttempt, progress });
    // The flow's parent does this too. A file whose flow was lost with Redis has no parent, and must not wait for a sweep.
    if (!(await deps.store.outputFiles.hasUnsettled(exportId)))
      await deps.producer.enqueueAgain('export.finalize', { exportId });
  };
}
