import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { discardExport } from '../use-cases/discard-export.ts';

export function createDiscardExportProcessor(deps: UseCaseDeps): Processor<'export.discard'> {
  return async ({ exportId }, { signal, retryAt }) => {
    await discardExport(deps, { exportId, signal, retryAt });
  };
}
