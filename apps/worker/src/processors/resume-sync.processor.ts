import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { reviveSync } from '../use-cases/revive-sync.ts';

/** A run that was taken up again by a retry gets the jobs of its phase. */
export function createResumeSyncProcessor(deps: UseCaseDeps): Processor<'sync.resume'> {
  return async ({ syncRunId }) => {
    const run = await deps.store.syncRuns.find(syncRunId);
    if (run) await reviveSync(deps, run);
  };
}
