import { randomBytes } from 'node:crypto';
import { testServices } from '@bulkhead/testing';
import { createConnection } from 'mongoose';
import { createStore, type StoreOptions } from '../create-store.ts';

/** Opens a store with a database of its own, and a connection to that database that does not use the store. */
export async function openTestStore(options: Omit<Partial<StoreOptions>, 'uri'> = {}) {
  const { mongodbUri: uri } = testServices();
  const store = createStore({ uri, encryptionKey: randomBytes(32), ...options });
  await store.connect();
  await store.migrate();
  const database = await createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  const close = async () => {
    await database.close();
    await store.close();
  };
  return { store, database, close };
}
