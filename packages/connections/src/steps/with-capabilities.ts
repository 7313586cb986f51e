import { areCurrent, type Connection } from '@bulkhead/providers';
import { connectionGone } from './connection-gone.ts';
import type { ConnectionDeps } from './deps.ts';
import { refreshCapabilities } from './read-capabilities.ts';

/** A connection with what its server offers, which decides the export level and the types that can be searched. */
export async function withCapabilities(
  deps: ConnectionDeps,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<Connection> {
  const connection = await deps.store.connections.find(connectionId);
  if (!connection) throw connectionGone();
  const { capabilities } = connection;
  if (capabilities && areCurrent(capabilities, deps.now())) return connection;
  try {
    return await refreshCapabilities(deps, { connection, signal });
  } catch (error) {
    // What the server offered yesterday is better than no export today.
    if (!capabilities || signal.aborted) throw error;
    deps.logger.warn('capabilities not refreshed', { connectionId, error });
    return connection;
  }
}
