import { longestWaitMs } from '@bulkhead/domain';
import type { Processor } from '@bulkhead/queues';
import { waitedTooLong } from '../use-cases/attempt-end.ts';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { toExportError } from '../use-cases/fail-export.ts';
import { failSync } from '../use-cases/finalize-sync.ts';
import { planSync } from '../use-cases/plan-sync.ts';

export function createPlanSyncProcessor(deps: UseCaseDeps): Processor<'sync.plan'> {
  return async ({ syncRunId }, { signal, retryAt }) => {
    try {
      await planSync(deps, { syncRunId, signal });
    } catch (error) {
      const reason = toExportError(error);
      if (retryAt(error) === undefined) await failSync(deps, { syncRunId, error: reason });
      else if (await isOverdue(deps, syncRunId)) {
        await failSync(deps, { syncRunId, error: waitedTooLong(reason) });
        return;
      }
      throw error;
    }
  };
}

/** A plan is made within seconds, except if the EHR makes it wait. */
async function isOverdue({ store, now }: UseCaseDeps, syncRunId: string): Promise<boolean> {
  const run = await store.syncRuns.find(syncRunId);
  return run !== undefined && now().getTime() - run.createdAt.getTime() >= longestWaitMs;
}
