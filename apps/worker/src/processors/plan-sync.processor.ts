import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { toExportError } from '../use-cases/fail-export.ts';
import { failSync } from '../use-cases/finalize-sync.ts';
import { planSync } from '../use-cases/plan-sync.ts';

export function createPlanSyncProcessor(deps: UseCaseDeps): Processor<'sync.plan'> {
  return async ({ syncRunId }, { signal, retryAt }) => {
    try {
      await planSync(deps, { syncRunId, signal });
    } catch (error) {
      if (retryAt(error) === undefined) await failSync(deps, { syncRunId, error: toExportError(error) });
      throw error;
    }
  };
}
