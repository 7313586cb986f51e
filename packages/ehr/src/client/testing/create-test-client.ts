import { testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import type { EhrConnection, Provider, SigningKey } from '../../providers/index.ts';
import { createEhrClient } from '../create-ehr-client.ts';
import type { EhrObserver } from '../http/ehr-observer.ts';
import { createMemoryTokenStore } from './memory-token-store.ts';

export interface TestClientOptions {
  readonly provider?: Partial<Provider>;
  /** The signing key of the deployment. */
  readonly signingKey?: SigningKey;
  readonly observer?: EhrObserver;
  readonly idleTimeoutMs?: number;
}

export type TestClient = ReturnType<typeof createTestClient>;

/**
 * Creates a client of one server, and a connection to it that needs no token. There is no rate limit, because a new budget waits two
 * seconds. The limiter has its own tests.
 */
export function createTestClient(fhirEndpoint: string, options: TestClientOptions = {}) {
  const { redisUrl, prefix } = testServices();
  const { signingKey, observer, idleTimeoutMs } = options;
  let provider: Provider = {
    id: 'simulated',
    name: 'The simulator, or a scripted server',
    environments: { test: { fhirEndpoint } },
    defaultEnvironment: 'test',
    ...options.provider,
  };
  const redis = new Redis(redisUrl);
  const client = createEhrClient({
    registry: { get: () => provider, list: () => [provider] },
    redis,
    prefix,
    tokenStore: createMemoryTokenStore(),
    signingKeys: { findForSigning: async () => signingKey },
    ...(observer ? { observer } : {}),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  });
  const connection: EhrConnection = {
    id: 'conn_1',
    provider: provider.id,
    environment: 'test',
    fhirEndpoint,
    auth: { method: 'none' },
  };
  return {
    client,
    connection,
    /** Changes the entry of the provider, as an operator does while a session is open. */
    changeProvider(change: Partial<Provider>): void {
      provider = { ...provider, ...change };
    },
    session: client.session(connection),
    close() {
      client.close();
      redis.disconnect();
    },
  };
}
