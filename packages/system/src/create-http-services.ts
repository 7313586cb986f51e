import { AuditService } from '@bulkhead/access/audit/commands';
import { ApiKeyService, BackendClientService, SessionService } from '@bulkhead/access/commands';
import { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import type { ConnectionReader } from '@bulkhead/connections';
import { createConnectionCheck } from '@bulkhead/records';
import type { Store } from './create-store.ts';

export type ClientKeySource = Pick<ConstructorParameters<typeof BackendClientService>[0], 'readJson' | 'urlFault'>;

const noClientKeys: ClientKeySource = {
  readJson: () => Promise.reject(new Error('This program reads no keys from URLs.')),
  urlFault: () => 'this program reads no keys from URLs',
};

/** What every program needs that answers requests: who asks, what they may have, and what is recorded of it. */
export function createHttpServices(options: {
  readonly store: Store;
  readonly connections: ConnectionReader;
  /** Whether people may log in with an API key. Default: true. */
  readonly hasKeyLogin?: boolean | undefined;
  /** How the keys of backend clients are read from their URLs. Without it, they must be registered themselves. */
  readonly clientKeys?: ClientKeySource | undefined;
}) {
  const { store, connections, hasKeyLogin = true, clientKeys = noClientKeys } = options;
  const connectionExists = async (id: string) => (await store.connections.find(id)) !== undefined;
  const apiKeys = new ApiKeyService({ store, connectionExists });
  return {
    apiKeys,
    audit: new AuditService({ store }),
    backendClients: new BackendClientService({ store, connectionExists, ...clientKeys }),
    checkConnection: createConnectionCheck({
      connections,
      findPurge: (connectionId) => findPurge(store, connectionId),
    }),
    idempotency: new IdempotencyService({ store }),
    sessions: new SessionService({ store, apiKeys, hasKeyLogin }),
  };
}

async function findPurge({ erasures }: Store, connectionId: string) {
  const erasure = await erasures.findOfConnection(connectionId);
  return erasure && { purgedAt: erasure.createdAt, readerKeyIds: erasure.readerKeyIds ?? [] };
}
