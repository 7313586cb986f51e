import type { Erasure } from '../erasure.record.ts';
import { countOfConnection } from '../feature-counts.ts';
import type { ErasureDeps, ErasureWork } from './deps.ts';

interface EraseConnection {
  readonly erasure: Erasure;
  readonly signal: AbortSignal;
}

/** An EHR that does not answer must not delay an erasure. */
const ehrTimeoutMs = 60_000;

/** Erases all stored data of a connection, and the connection itself if it still exists. */
export function eraseConnection(
  deps: ErasureDeps<'erasures' | 'features'>,
  { erasure, signal }: EraseConnection,
): ErasureWork {
  const { store, work } = deps;
  const { connectionId } = erasure;
  return {
    async stop() {
      for (const { stop } of work) await stop(connectionId);
      await leaveEhr(deps, { erasure, signal });
    },
    count: () => countOfConnection(store.features, connectionId),
    async pass(options) {
      let deleted = 0;
      for (const feature of store.features)
        deleted += await feature.eraseConnection({ connectionId, signal, ...options });
      return deleted;
    },
  };
}

/** Asks the EHR once to delete its export files and to revoke the tokens. After the erasure no credentials are left to ask with. */
async function leaveEhr(
  { store, work, logger }: ErasureDeps<'erasures'>,
  { erasure, signal }: EraseConnection,
): Promise<void> {
  const { id, connectionId } = erasure;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ehrTimeoutMs)]);
  try {
    // The connection is first in the list, and its tokens are needed by the others.
    for (const feature of work.toReversed()) await feature.leaveEhr({ connectionId, signal: limited });
  } catch (error) {
    signal.throwIfAborted();
    logger.warn('the EHR was not notified of an erasure', { connectionId, error });
    const message =
      'The EHR did not confirm that it deleted its export files and revoked the tokens. Tokens expire automatically. To end them at once, remove the application at the EHR.';
    await store.erasures.warn({ id, code: 'ehr-not-told', message });
  }
}
