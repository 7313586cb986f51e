import type { Connection } from '@bulkhead/domain';
import { readCapabilities } from '@bulkhead/ehr-client';
import type { UseCaseDeps } from './deps.ts';

/** Reads what the connection's server offers and keeps it with the connection. */
export async function refreshCapabilities(
  { store, ehr, now }: UseCaseDeps,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<Connection> {
  const capabilities = await readCapabilities({ session: ehr.session(connection), now: now(), signal });
  await store.connections.saveCapabilities({ id: connection.id, capabilities });
  return { ...connection, capabilities };
}
