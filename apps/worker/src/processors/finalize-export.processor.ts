import type { Processor } from '@bulkhead/queues';
import type { WorkDeps } from '../work/deps.ts';
import { finalizeExport } from '../work/finalize-export.ts';

export function createFinalizeExportProcessor(deps: WorkDeps): Processor<'export.finalize'> {
  return async ({ exportId }, { signal }) => {
    await finalizeExport(deps, { exportId, signal });
  };
}
