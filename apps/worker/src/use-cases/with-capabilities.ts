import type { Connection } from '@bulkhead/domain';
import { connectionGone } from './connection-gone.ts';
import type { UseCaseDeps } from './deps.ts';
import { refreshCapabilities } from './refresh-capabilities.ts';

/** A server's upgrade is noticed by the next nightly run; one more request a day costs nothing. */
const maxAgeMs = 24 * 60 * 60_000;

/** A connection with what its server offers, which decides the export level and the types that can be searched. */
export async function withCapabilities(
  deps: UseCaseDeps,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<Connection> {
  const connection = await deps.store.connections.find(connectionId);
  if (!connection) throw connectionGone();
  const readAt = connection.capabilities?.readAt.getTime();
  const isCurrent = readAt !== undefined && deps.now().getTime() - readAt < maxAgeMs;
  if (isCurrent) return connection;
  try {
    return await refreshCapabilities(deps, { connection, signal });
  } catch (error) {
    // What the server offered yesterday is better than no export today.
    if (!connection.capabilities || signal.aborted) throw error;
    deps.logger.warn('capabilities not refreshed', { connectionId, error });
    return connection;
  }
}
