import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { finalizeSync } from '../use-cases/finalize-sync.ts';

export function createFinalizeSyncProcessor(deps: UseCaseDeps): Processor<'sync.finalize'> {
  return async ({ syncRunId }) => {
    await finalizeSync(deps, { syncRunId });
  };
}
