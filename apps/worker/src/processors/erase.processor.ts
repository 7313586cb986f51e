import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { runErasure } from '../use-cases/run-erasure.ts';

export function createEraseProcessor(deps: UseCaseDeps): Processor<'maintenance.erase'> {
  return async ({ erasureId }, { signal, progress }) => {
    await runErasure(deps, { erasureId, signal, progress });
  };
}
