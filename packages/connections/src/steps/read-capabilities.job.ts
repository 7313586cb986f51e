import { AppError } from '@bulkhead/base';
import { EhrHttpError, readCapabilities } from '@bulkhead/ehr';
import { areCurrent } from '@bulkhead/ehr/providers';
import { work } from '@bulkhead/queues';
import type { Connection } from '../connection.record.ts';
import { connectionError } from '../errors.ts';
import { readCapabilitiesJob } from '../jobs.ts';
import type { ConnectionDeps } from './deps.ts';

/** Reads what the connection's server offers and stores it with the connection. */
export const readCapabilitiesWork = work(readCapabilitiesJob, { run: readConnectionCapabilities });

async function readConnectionCapabilities(
  deps: ConnectionDeps<'connections'>,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<void> {
  const connection = await deps.store.connections.findWithSecrets(connectionId);
  if (connection) await refreshCapabilities(deps, { connection, signal });
}

async function refreshCapabilities(
  { store, ehr, now }: ConnectionDeps<'connections'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<Connection> {
  const capabilities = await readCapabilities({ session: ehr.session(connection), now: now(), signal });
  await store.connections.saveCapabilities({ id: connection.id, capabilities });
  return { ...connection, capabilities };
}

/**
 * A connection with its server's capabilities, which decide the export level and which types can be searched. A CapabilityStatement is
 * only a hint, so the connection has none if the server answers without one.
 * @throws AppError if the server cannot be reached, is down, or asks to wait, because its other endpoints will do the same
 */
export async function withCapabilities(
  deps: ConnectionDeps<'connections'>,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<Connection> {
  const connection = await deps.store.connections.findWithSecrets(connectionId);
  if (!connection) throw connectionGone();
  const { capabilities } = connection;
  if (capabilities && areCurrent(capabilities, deps.now())) return connection;
  try {
    return await refreshCapabilities(deps, { connection, signal });
  } catch (error) {
    // Capabilities of yesterday are better than a failed export today.
    if (signal.aborted || (!capabilities && !hasNoStatement(error))) throw error;
    deps.logger.warn('capabilities not refreshed', { connectionId, error });
    return connection;
  }
}

/** Answers of a server that is down or busy, or of the gateway in front of it. They say nothing about a CapabilityStatement. */
const outageStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Whether the server answers requests, but not with a CapabilityStatement. */
export function hasNoStatement(error: unknown): boolean {
  if (error instanceof EhrHttpError) return !outageStatuses.has(error.status);
  return (
    error instanceof AppError && (error.code === 'capabilities-not-understood' || error.code === 'answer-too-large')
  );
}

/** The connection (or the export's record) that a step needs no longer exists. */
export function connectionGone(): AppError {
  return connectionError('connection-gone', {
    message: 'The connection of this export was deleted. Create it again, then start a new export.',
  });
}
