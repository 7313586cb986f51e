import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { runSyncStep } from '../use-cases/run-sync-step.ts';

export function createRunSyncStepProcessor(deps: UseCaseDeps): Processor<'sync.step'> {
  return async ({ syncRunId, stepId }, { signal, isLastAttempt }) => {
    await runSyncStep(deps, { stepId, signal, isLastAttempt });
    // The flow's parent does this too; a step whose flow was lost with Redis has none, and must not wait for a sweep.
    const unsettled = await deps.store.syncSteps.countUnsettled(syncRunId);
    if (unsettled === 0) await deps.producer.enqueueAgain('sync.finalize', { syncRunId });
  };
}
