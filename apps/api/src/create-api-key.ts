import { parseArgs } from 'node:util';
import { EnvError } from '@bulkhead/runtime';
import { type ApiKeyRole, apiKeyRoles, createStore } from '@bulkhead/store';
import { readApiConfig } from './env.ts';

// Prints a new API key once; only its hash is kept.
// Usage: node apps/api/src/create-api-key.ts --name NAME [--role client|operator]
try {
  const { values } = parseArgs({ options: { name: { type: 'string' }, role: { type: 'string', default: 'client' } } });
  const { name, role } = values;
  if (!name || !apiKeyRoles.includes(role as ApiKeyRole)) {
    throw new EnvError(['usage: create-api-key --name NAME [--role client|operator]']);
  }
  const { MONGODB_URI: uri, BULKHEAD_ENCRYPTION_KEY: encryptionKey } = readApiConfig(process.env);
  const store = createStore({ uri, encryptionKey });
  await store.connect();
  console.log(await store.apiKeys.create({ name, role: role as ApiKeyRole, now: new Date() }));
  await store.close();
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
