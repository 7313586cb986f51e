import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { prepareAuthorization } from '../use-cases/prepare-authorization.ts';

export function createPrepareAuthorizationProcessor(deps: UseCaseDeps): Processor<'authorization.prepare'> {
  return ({ authorizationId }, { signal }) => prepareAuthorization(deps, { authorizationId, signal });
}
