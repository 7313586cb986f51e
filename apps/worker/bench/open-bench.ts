import { ByteBudget, createLogger } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { createEhrClient } from '@bulkhead/ehr';
import type { Provider } from '@bulkhead/ehr/providers';
import { unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { createExportContexts } from '@bulkhead/imports/export/steps';
import { connectRedis, Producer } from '@bulkhead/queues';
import { BufferPool } from '@bulkhead/store/bson';
import { createStore } from '@bulkhead/system';
import { createWebhookSender } from '@bulkhead/webhooks/steps';
import type { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { peopleTextOf } from '../src/people-text.ts';
import { type WorkerDeps, withFeatureWork } from '../src/works.ts';

const credentials: Connection['auth'] = {
  method: 'client_credentials',
  clientId: 'simulator-client',
  clientSecret: 'simulator-secret',
  scope: 'system/*.read',
};

/**
 * Opens what the steps of a worker need, on the servers in REDIS_URL and MONGODB_URI. Requests have no limit unless RATE_LIMIT has one in
 * JSON.
 */
export async function openBench() {
  const { REDIS_URL: redisUrl = '', MONGODB_URI: mongodbUrl = '', FHIR_ENDPOINT: fhirEndpoint = '' } = process.env;
  const { RATE_LIMIT, POLL_INTERVAL_MS = '30000', AUTH, WORKER_RAW_WRITES } = process.env;
  // A fixed key, because all processes share it and the data is thrown away.
  const encryptionKey = Buffer.alloc(32, 'bench');
  const store = createStore({
    uri: mongodbUrl,
    encryptionKey,
    maxPoolSize: 40,
    writesRaw: WORKER_RAW_WRITES !== 'off',
  });
  await store.connect();
  // The bare driver, with the write concern of the store.
  const client = new MongoClient(mongodbUrl, { writeConcern: { w: 'majority', journal: true } });
  await store.migrate();
  const redis: Redis = connectRedis({ url: redisUrl, waiting: true, onError: () => undefined });
  const provider = unlimitedAthenahealth(fhirEndpoint);
  const limited =
    RATE_LIMIT === undefined ? provider : { ...provider, rateLimit: JSON.parse(RATE_LIMIT) as Provider['rateLimit'] };
  const registry = { get: () => limited, list: () => [limited] };
  // One prefix for each database, because processes that share records also share jobs.
  const prefix = `{${new URL(mongodbUrl).pathname.slice(1)}}`;
  const producer = new Producer({ redis, prefix, onError: () => undefined });
  const { accessTokens: tokenStore, signingKeys } = store;
  const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
  const connection: Connection = {
    id: 'conn_01a20ebbc93978f091b11de7704350e0',
    name: 'Benchmark',
    provider: 'athenahealth',
    environment: 'production',
    fhirEndpoint,
    practiceId: '195900',
    // A server that replaces the EHR in a benchmark issues no tokens.
    auth: AUTH === 'none' ? { method: 'none' } : credentials,
    createdAt: new Date(),
  };
  // Several processes may share a database.
  if (!(await store.connections.find(connection.id))) await store.connections.insert(connection);
  const deps = withFeatureWork({
    peopleTextOf,
    store,
    producer,
    ehr,
    webhooks: createWebhookSender({ privateNetwork: true }),
    exportContexts: createExportContexts({ store }),
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(15 * 1024 * 1024),
    logger: createLogger({ name: 'bench', level: 'error' }),
    documents: { enabled: false, maxBytes: 1, withMedia: false, partBytes: 1 },
    retentionDays: Object.fromEntries(
      Object.keys(store.retention).map((kind) => [kind, 0]),
    ) as WorkerDeps['retentionDays'],
    probe: { storedTypes: async () => [], findPatients: async () => [] },
    pollIntervalMs: Number(POLL_INTERVAL_MS),
    erasureSettleMs: 0,
    databaseNow: async () => new Date(),
    readBudgets: async () => [],
    now: () => new Date(),
  });
  return { deps, connection, mongodbUrl, client, redis, prefix };
}
