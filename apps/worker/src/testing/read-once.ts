import { createEhrClient, createProviderRegistry } from '@bulkhead/ehr-client';
import { connectRedis } from '@bulkhead/queues';
import { createStore } from '@bulkhead/store';
import { readWorkerConfig } from '../env.ts';

// One of several processes that need a token at the same time: started by tokens.integration.test.ts.
// Usage: node read-once.ts CONNECTION_ID REQUESTS, with a worker's environment.
const [connectionId = '', count = '1'] = process.argv.slice(2);
const config = readWorkerConfig(process.env);
const redis = connectRedis({ url: config.REDIS_URL, waiting: true, onError: () => undefined });
const store = createStore({ uri: config.MONGODB_URI, encryptionKey: config.BULKHEAD_ENCRYPTION_KEY });
await store.connect();
const { rateLimit: _, ...provider } = createProviderRegistry(config).get('athenahealth');
const registry = { get: () => provider, list: () => [provider] };
const { accessTokens: tokenStore, signingKeys } = store;
const ehr = createEhrClient({ registry, redis, prefix: config.BULKHEAD_PREFIX, tokenStore, signingKeys });
const connection = await store.connections.find(connectionId);
if (!connection) throw new Error('no connection');
const send = () =>
  ehr.session(connection).send({
    method: 'GET',
    url: `${connection.fhirEndpoint}/Patient/a-195900.E-1`,
    headers: { accept: 'application/fhir+json' },
    priority: 'crawl',
    responseType: 'json',
    retries: 0,
    sendToken: true,
  });
await Promise.all(Array.from({ length: Number(count) }, send));
ehr.close();
redis.disconnect();
await store.close();
