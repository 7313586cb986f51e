import { createEhrClient } from '@bulkhead/ehr';
import { unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { connectRedis } from '@bulkhead/queues';
import { openTestStore } from '@bulkhead/store/testing';
import { connectionFeature } from '../connection.feature.ts';
import { readPatient } from './read-patient.ts';

// One of several processes that need a token at the same time. tokens.integration.test.ts starts them.
// Usage: node read-once.process.ts CONNECTION_ID REQUESTS, with the environment of `startTokenCluster`.
const [connectionId = '', count = '1'] = process.argv.slice(2);
const { REDIS_URL: url = '', MONGODB_URI: uri = '', BULKHEAD_PREFIX: prefix = '' } = process.env;
const encryptionKey = Buffer.from(process.env.BULKHEAD_ENCRYPTION_KEY ?? '', 'base64');
const redis = connectRedis({ url, waiting: true, onError: () => undefined });
const { store, close } = await openTestStore(connectionFeature.open, { uri, encryptionKey });
const provider = unlimitedAthenahealth(process.env.ATHENAHEALTH_FHIR_ENDPOINT ?? '');
const registry = { get: () => provider, list: () => [provider] };
const { accessTokens: tokenStore, signingKeys } = store;
const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
const connection = await store.connections.findWithSecrets(connectionId);
if (!connection) throw new Error(`no connection ${connectionId}`);
const send = () => readPatient(ehr.session(connection));
await Promise.all(Array.from({ length: Number(count) }, send));
ehr.close();
redis.disconnect();
await close();
