import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { pollExport } from '../use-cases/poll-export.ts';

export function createPollExportProcessor(deps: UseCaseDeps): Processor<'export.poll'> {
  return async ({ exportId }, { signal }) => {
    await pollExport(deps, { exportId, signal });
  };
}
