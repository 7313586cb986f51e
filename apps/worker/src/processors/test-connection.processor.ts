import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { testConnection } from '../use-cases/test-connection.ts';

export function createTestConnectionProcessor(deps: UseCaseDeps): Processor<'connection.test'> {
  return async ({ connectionId }, { signal }) => {
    const connection = await deps.store.connections.find(connectionId);
    if (!connection) return;
    const test = await testConnection(deps, { connection, signal });
    await deps.store.connections.saveTest({ id: connectionId, test });
  };
}
