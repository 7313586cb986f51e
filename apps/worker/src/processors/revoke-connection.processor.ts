import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { revokeConnection } from '../use-cases/revoke-connection.ts';

export function createRevokeConnectionProcessor(deps: UseCaseDeps): Processor<'connection.revoke'> {
  return ({ connectionId }) => revokeConnection(deps, { connectionId });
}
