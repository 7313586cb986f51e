import { EnvError } from '@bulkhead/runtime';
import { createStore } from '@bulkhead/store';
import { readApiConfig } from './env.ts';

// Run once per deployment, before the processes: creates collections and indexes. Running it again changes nothing.
// Usage: node apps/api/src/migrate.ts
try {
  const { MONGODB_URI: uri, BULKHEAD_ENCRYPTION_KEY: encryptionKey } = readApiConfig(process.env);
  const store = createStore({ uri, encryptionKey });
  await store.connect();
  await store.migrate();
  await store.close();
} catch (error) {
  if (!(error instanceof EnvError)) throw error;
  console.error(error.message);
  process.exit(1);
}
