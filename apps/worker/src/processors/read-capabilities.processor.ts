import { readCapabilities } from '@bulkhead/ehr-client';
import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';

export function createReadCapabilitiesProcessor({
  store,
  ehr,
  now,
}: UseCaseDeps): Processor<'connection.read-capabilities'> {
  return async ({ connectionId }, { signal }) => {
    const connection = await store.connections.find(connectionId);
    if (!connection) return;
    const capabilities = await readCapabilities({ session: ehr.session(connection), now: now(), signal });
    await store.connections.saveCapabilities({ id: connectionId, capabilities });
  };
}
