import type { Connection } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import type { ConnectionDeps } from './deps.ts';

/** Access tokens live an hour; what a refresh token can still do, the EHR's own list of applications shows and ends. */
const giveUpMs = 24 * 60 * 60_000;

/**
 * Takes the tokens of a deleted connection back at its EHR, and then forgets what is left of it. An EHR that does not
 * answer is asked again; in the end the tokens expire by themselves.
 */
export async function revokeConnection(
  deps: Pick<ConnectionDeps, 'store' | 'ehr' | 'logger' | 'now'>,
  { connectionId }: { readonly connectionId: string },
): Promise<void> {
  const { store, logger } = deps;
  const deleted = await store.connections.findDeleted(connectionId);
  if (!deleted) return;
  try {
    await revoke(deps, deleted.connection);
  } catch (error) {
    const isHopeless = error instanceof AppError && error.retry === 'never';
    if (!isHopeless && deps.now().getTime() - deleted.deletedAt.getTime() < giveUpMs) throw error;
    logger.warn('tokens of a deleted connection were not revoked', { connectionId, error });
  }
  await store.accessTokens.delete(connectionId);
  await store.connections.delete(connectionId);
}

/** Takes the tokens of a connection back at its EHR. */
export async function revoke(
  { store, ehr }: Pick<ConnectionDeps, 'store' | 'ehr'>,
  connection: Connection,
): Promise<void> {
  const { id: connectionId, credentialsVersion = 0 } = connection;
  const { refreshToken, token } = await store.accessTokens.read({ connectionId, credentialsVersion });
  const session = ehr.session(connection);
  for (const one of [refreshToken, token?.accessToken]) {
    if (one !== undefined && !(await session.revoke(one))) return;
  }
}
