import { areCurrent, type Connection } from '@bulkhead/domain';
import { connectionGone } from './connection-gone.ts';
import type { UseCaseDeps } from './deps.ts';
import { refreshCapabilities } from './refresh-capabilities.ts';

/** A connection with what its server offers, which decides the export level and the types that can be searched. */
export async function withCapabilities(
  deps: UseCaseDeps,
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
