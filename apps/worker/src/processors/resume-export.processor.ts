import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { reviveExport } from '../use-cases/revive-export.ts';

/** An export that was taken up again by a retry gets the jobs of its phase. */
export function createResumeExportProcessor(deps: UseCaseDeps): Processor<'export.resume'> {
  return async ({ exportId }) => {
    const record = await deps.store.bulkExports.find(exportId);
    if (record) await reviveExport(deps, { record, isPolled: false });
  };
}
