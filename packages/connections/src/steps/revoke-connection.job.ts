import { AppError } from '@bulkhead/base';
import { work } from '@bulkhead/queues';
import type { Connection } from '../connection.record.ts';
import { revokeJob } from '../jobs.ts';
import type { ConnectionDeps } from './deps.ts';
import { deleteExports } from './probe/probe-connection.job.ts';

export const revokeWork = work(revokeJob, { run: revokeConnection });

/** Access tokens live an hour. The EHR's own list of applications shows refresh tokens that remain, and can revoke them. */
const giveUpMs = 24 * 60 * 60_000;

/**
 * Revokes the tokens of a deleted connection at its EHR, then deletes what is left of the connection. If the EHR does not answer, the
 * job is retried for a day. After that the tokens expire without being revoked.
 */
async function revokeConnection(
  deps: Pick<ConnectionDeps<'accessTokens' | 'connections' | 'probes'>, 'store' | 'ehr' | 'logger' | 'now'>,
  { connectionId, signal }: { readonly connectionId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { store, logger } = deps;
  const deletedAt = await store.connections.findDeletedAt(connectionId);
  if (!deletedAt) return;
  try {
    const connection = await store.connections.findEvenDeleted(connectionId);
    if (connection) await leaveEhr(deps, { connection, signal });
  } catch (error) {
    if (!isPermanent(error) && deps.now().getTime() - deletedAt.getTime() < giveUpMs) throw error;
    logger.warn('tokens of a deleted connection were not revoked', { connectionId, error });
  }
  await store.accessTokens.delete(connectionId);
  await store.probes.delete(connectionId);
  await store.connections.delete(connectionId);
}

/**
 * Deletes the exports of the connection's probe at its EHR, and then revokes the tokens, which the deletions need. Exports that the EHR refuses to
 * delete do not keep the tokens valid. @throws if the EHR did not confirm it
 */
export async function leaveEhr(
  deps: Pick<ConnectionDeps<'accessTokens' | 'probes'>, 'store' | 'ehr'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<void> {
  let refusal: unknown;
  try {
    await deleteExports(deps, { connection, signal });
  } catch (error) {
    if (!isPermanent(error)) throw error;
    refusal = error;
  }
  await revoke(deps, connection);
  if (refusal !== undefined) throw refusal;
}

function isPermanent(error: unknown): boolean {
  return error instanceof AppError && error.retry === 'never';
}

/** Revokes the tokens of a connection at its EHR. */
async function revoke({ store, ehr }: Pick<ConnectionDeps<'accessTokens'>, 'store' | 'ehr'>, connection: Connection) {
  const { id: connectionId, credentialsVersion = 0 } = connection;
  const { refreshToken, token } = await store.accessTokens.read({ connectionId, credentialsVersion });
  const session = ehr.session(connection);
  for (const tokenText of [refreshToken, token?.accessToken]) {
    if (tokenText !== undefined && !(await session.revoke(tokenText))) return;
  }
}
