import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { finalizeExport } from '../use-cases/finalize-export.ts';

export function createFinalizeExportProcessor(deps: UseCaseDeps): Processor<'export.finalize'> {
  return async ({ exportId }) => {
    await finalizeExport(deps, { exportId });
  };
}
