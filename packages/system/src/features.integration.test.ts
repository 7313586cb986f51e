import { randomBytes } from 'node:crypto';
import { openDatabase } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { createStore, features } from './create-store.ts';

/** Of the store itself: they belong to no feature. */
const ofTheStore = ['encryption_keys', 'retention'];

test('each collection of a migrated database belongs to one feature', async () => {
  const uri = testServices().mongodbUri;
  const store = createStore({ uri, encryptionKey: randomBytes(32) });
  await store.connect();
  await store.migrate();
  await store.close();

  const owned = [...ofTheStore, ...Object.values(features).flatMap(({ collections }) => collections)];
  expect(new Set(owned).size).toBe(owned.length);
  await using database = await openDatabase(uri);
  const stored = (await database.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const ofNone = stored.filter((name) => !owned.includes(name) && !features.resources.ownsOther?.(name));
  expect(ofNone).toEqual([]);
});
