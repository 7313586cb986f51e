import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { refreshCapabilities } from '../use-cases/refresh-capabilities.ts';

export function createReadCapabilitiesProcessor(deps: UseCaseDeps): Processor<'connection.read-capabilities'> {
  return async ({ connectionId }, { signal }) => {
    const connection = await deps.store.connections.find(connectionId);
    if (connection) await refreshCapabilities(deps, { connection, signal });
  };
}
