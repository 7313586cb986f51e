import type { Processor } from '@bulkhead/queues';
import type { WorkDeps } from '../work/deps.ts';
import { pollExport } from '../work/poll-export.ts';

export function createPollExportProcessor(deps: WorkDeps): Processor<'export.poll'> {
  return async ({ exportId }, { signal, jobId }) => {
    await pollExport(deps, { exportId, signal, owner: jobId });
  };
}
