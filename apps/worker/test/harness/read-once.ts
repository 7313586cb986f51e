import { createEhrClient } from '@bulkhead/ehr-client';
import { connectRedis } from '@bulkhead/queues';
import { createStore } from '@bulkhead/system';
import { readWorkerConfig } from '../../src/env.ts';
import { readPatient } from './read-patient.ts';
import { unlimitedAthenahealth } from './unlimited-athenahealth.ts';

// One of several processes that need a token at the same time. tokens.integration.test.ts starts them.
// Usage: node read-once.ts CONNECTION_ID REQUESTS, with the environment of a worker.
const [connectionId = '', count = '1'] = process.argv.slice(2);
const config = await readWorkerConfig(process.env);
const redis = connectRedis({ url: config.REDIS_URL, waiting: true, onError: () => undefined });
const store = createStore({ uri: config.MONGODB_URI, encryptionKey: config.BULKHEAD_ENCRYPTION_KEY });
await store.connect();
const provider = unlimitedAthenahealth(config.ATHENAHEALTH_FHIR_ENDPOINT ?? '');
const registry = { get: () => provider, list: () => [provider] };
const { accessTokens: tokenStore, signingKeys } = store;
const ehr = createEhrClient({ registry, redis, prefix: config.BULKHEAD_PREFIX, tokenStore, signingKeys });
const connection = await store.connections.findWithSecrets(connectionId);
if (!connection) throw new Error(`no connection ${connectionId}`);
const send = () => readPatient(ehr.session(connection));
await Promise.all(Array.from({ length: Number(count) }, send));
ehr.close();
redis.disconnect();
await store.close();
