import type { Processor } from '@bulkhead/queues';
import type { WorkDeps } from '../work/deps.ts';
import { sweep } from '../work/sweep.ts';

export function createSweepProcessor(deps: WorkDeps): Processor<'maintenance.sweep'> {
  return async () => {
    await sweep(deps);
  };
}
