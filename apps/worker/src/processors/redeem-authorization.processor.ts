import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { redeemAuthorization } from '../use-cases/redeem-authorization.ts';

export function createRedeemAuthorizationProcessor(deps: UseCaseDeps): Processor<'authorization.redeem'> {
  return ({ authorizationId }) => redeemAuthorization(deps, { authorizationId });
}
