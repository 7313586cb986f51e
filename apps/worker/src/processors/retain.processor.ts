import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { retain } from '../use-cases/retain.ts';

export function createRetainProcessor(deps: UseCaseDeps): Processor<'maintenance.retain'> {
  return (_payload, { signal }) => retain(deps, { signal });
}
