import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { sweep } from '../use-cases/sweep.ts';

export function createSweepProcessor(deps: UseCaseDeps): Processor<'maintenance.sweep'> {
  return async () => {
    await sweep(deps);
  };
}
