import { AppError } from '@bulkhead/base';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { resourceError } from './errors.ts';

/** The erasure of a whole connection. */
interface Purge {
  /** When it was requested. Nothing can be read since then. */
  readonly purgedAt: Date;
  /** The keys that were limited to the connection and others. */
  readonly readerKeyIds: readonly string[];
}

/** @throws AppError `unknown-connection`, or `connection-purged` for keys that could read the connection before it was erased */
export type ConnectionCheck = (reference: {
  readonly provider: string;
  readonly connectionId: string;
  readonly scope: ConnectionScope;
  /** The API key of the request. */
  readonly keyId: string;
}) => Promise<void>;

/** Checks that a reader may read a connection, which can have been deleted meanwhile. */
export function createConnectionCheck({
  connections,
  findPurge,
}: {
  readonly connections: {
    /** @throws AppError `unknown-connection` */
    readonly find: (reference: {
      readonly provider: string;
      readonly id: string;
      readonly scope: ConnectionScope;
    }) => Promise<unknown>;
  };
  readonly findPurge: (connectionId: string) => Promise<Purge | undefined>;
}): ConnectionCheck {
  return async ({ provider, connectionId, scope, keyId }) => {
    try {
      await connections.find({ provider, id: connectionId, scope });
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'unknown-connection')) throw error;
      const purge = await findPurge(connectionId);
      if (!purge || !(isInScope(scope, connectionId) || purge.readerKeyIds.includes(keyId))) throw error;
      throw resourceError('connection-purged', { context: { purgedAt: purge.purgedAt.toISOString() } });
    }
  };
}
