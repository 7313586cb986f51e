import { randomBytes } from 'node:crypto';
import type { Connection } from '@bulkhead/domain';
import { createEhrClient, createProviderRegistry, type EhrClient, type Provider } from '@bulkhead/ehr-client';
import { createEhrSimulator, type EhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { createStore, type Store } from '@bulkhead/store';
import { testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';

type TokenRateLimit = Provider['environments'][string]['tokenRateLimit'];

export interface TokenCluster {
  readonly simulator: EhrSimulator;
  readonly connection: Connection;
  /** For processes that a test starts itself. */
  readonly env: Readonly<Record<string, string>>;
  /** What one process of the cluster has: a client with a database connection of its own. */
  join(options?: { readonly mongodbUri?: string }): Promise<Member>;
  order(fault: object): Promise<void>;
  /** Requests at the simulator, by path, in the order of their arrival. */
  requests(path: RegExp): Promise<readonly { readonly status: number; readonly arrivedAtMs: number }[]>;
  stop(): Promise<void>;
}

export interface Member {
  readonly store: Store;
  readonly ehr: EhrClient;
  /** Reads a patient with the connection's token. @returns the status, or the error's code. */
  read(connection?: Connection): Promise<number | string>;
}

/** A simulator and clients of it as separate as processes are: they share MongoDB and Redis, nothing else. */
export async function startTokenCluster(
  options: { readonly simulator?: EhrSimulatorOptions; readonly tokenRateLimit?: TokenRateLimit } = {},
): Promise<TokenCluster> {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const simulator = createEhrSimulator({ patients: 1, ...options.simulator });
  await simulator.start();
  const { fhirEndpoint, baseUrl } = simulator;
  const { rateLimit: _, ...provider } = createProviderRegistry({ ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint }).get(
    'athenahealth',
  );
  const { tokenRateLimit } = options;
  const environments = { production: { fhirEndpoint, ...(tokenRateLimit ? { tokenRateLimit } : {}) } };
  const registry = { get: () => ({ ...provider, environments }), list: () => [] };
  const encryptionKey = randomBytes(32);
  const ends: (() => Promise<unknown>)[] = [() => simulator.stop()];
  const connection: Connection = {
    id: 'conn_1',
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint,
    practiceId: '195900',
    auth: {
      method: 'client_credentials',
      clientId: 'simulator-client',
      clientSecret: 'simulator-secret',
      scope: 'system/*.read',
    },
    createdAt: new Date(),
  };
  const control = (path: string, init?: RequestInit) => fetch(`${baseUrl}/_sim${path}`, init);
  return {
    simulator,
    connection,
    env: {
      REDIS_URL: redisUrl,
      MONGODB_URI: mongodbUri,
      BULKHEAD_PREFIX: prefix,
      BULKHEAD_ENCRYPTION_KEY: encryptionKey.toString('base64'),
      ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint,
    },
    async join({ mongodbUri: uri = mongodbUri } = {}) {
      const store = createStore({ uri, encryptionKey });
      await store.connect();
      const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
      const { accessTokens: tokenStore, signingKeys } = store;
      const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
      ends.unshift(async () => {
        ehr.close();
        redis.disconnect();
        await store.close();
      });
      return { store, ehr, read: (of = connection) => read(ehr, of) };
    },
    async order(fault) {
      const response = await control('/faults', { method: 'POST', body: JSON.stringify(fault) });
      if (!response.ok) throw new Error(await response.text());
    },
    async requests(path) {
      const { requests } = (await (await control('/requests')).json()) as {
        requests: { path: string; status: number; arrivedAtMs: number }[];
      };
      return requests.filter((request) => path.test(request.path));
    },
    async stop() {
      for (const end of ends) await end();
    },
  };
}

async function read(ehr: EhrClient, connection: Connection): Promise<number | string> {
  const request = {
    method: 'GET',
    url: `${connection.fhirEndpoint}/Patient/a-195900.E-1`,
    headers: { accept: 'application/fhir+json' },
    priority: 'crawl',
    responseType: 'json',
    retries: 0,
    sendToken: true,
  } as const;
  try {
    return (await ehr.session(connection).send(request)).status;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
