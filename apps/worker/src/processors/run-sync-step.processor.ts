import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { runSyncStep } from '../use-cases/run-sync-step.ts';

export function createRunSyncStepProcessor(deps: UseCaseDeps): Processor<'sync.step'> {
  return async ({ syncRunId, stepId }, { signal, retryAt, hasParent, progress }) => {
    await runSyncStep(deps, { stepId, signal, retryAt, progress });
    // A step whose flow was lost with Redis has no parent that finishes the sync, and must not wait for a sweep.
    if (!hasParent && (await deps.store.syncSteps.countUnsettled(syncRunId)) === 0)
      await deps.producer.enqueueAgain('sync.finalize', { syncRunId });
  };
}
