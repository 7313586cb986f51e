import { readCapabilities } from '@bulkhead/ehr-client';
import type { Connection } from '@bulkhead/providers';
import type { ConnectionDeps } from './deps.ts';

/** Reads what the connection's server offers and keeps it with the connection. */
interface CapabilitiesStep {
  readonly connectionId: string;
  readonly signal: AbortSignal;
}

/** The job `connection.read-capabilities`. */
export async function readConnectionCapabilities(deps: ConnectionDeps, step: CapabilitiesStep): Promise<void> {
  const connection = await deps.store.connections.find(step.connectionId);
  if (connection) await refreshCapabilities(deps, { connection, signal: step.signal });
}

export async function refreshCapabilities(
  { store, ehr, now }: ConnectionDeps,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<Connection> {
  const capabilities = await readCapabilities({ session: ehr.session(connection), now: now(), signal });
  await store.connections.saveCapabilities({ id: connection.id, capabilities });
  return { ...connection, capabilities };
}
