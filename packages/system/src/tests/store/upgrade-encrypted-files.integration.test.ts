import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createEncryptStream } from '@bulkhead/encryption';
import { testServices } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createStore, type Store } from '../../create-store.ts';

const [formerKey, nextKey] = [randomBytes(32), randomBytes(32)];
const content = { upload: 'up_1', parts: ['up_1.0/former'], partBytes: 100 };
const stores: Store[] = [];
let uri: string;

/** Stores a file as an earlier version did, which encrypted it directly with the key of the deployment. */
beforeEach(async () => {
  uri = testServices().mongodbUri;
  const database = await mongoose.createConnection(uri).asPromise();
  const bucket = new mongoose.mongo.GridFSBucket(database.db as never, { bucketName: 'document_files' });
  const upload = bucket.openUploadStreamWithId('up_1.0/former' as never, 'up_1.0/former');
  await pipeline(
    Readable.from([Buffer.from('a report')]),
    createEncryptStream({ key: formerKey, owner: 'up_1.0' }),
    upload,
  );
  await database.close();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function open(encryptionKey: Buffer, ...previousEncryptionKeys: Buffer[]): Promise<Store> {
  const store = createStore({ uri, encryptionKey, previousEncryptionKeys });
  await store.connect();
  stores.push(store);
  return store;
}
const read = (store: Store) => text(store.documentContents.read(content, { start: 0, end: 8 }));

test('a file that an earlier version encrypted without its own key can be read after a migration and after a key rotation', async () => {
  const store = await open(formerKey);
  await store.migrate();
  await store.migrate();
  expect(await read(store)).toBe('a report');
  const rotated = await open(nextKey, formerKey);
  await rotated.rotateEncryptionKey({ dryRun: false });
  expect(await read(rotated)).toBe('a report');
});

test.each([
  { what: 'before the keys are swapped', current: formerKey, previous: nextKey },
  { what: 'after the keys are swapped', current: nextKey, previous: formerKey },
])(
  'a file without its own key can be read if the migration runs during a rotation, $what',
  async ({ current, previous }) => {
    await open(formerKey);
    const store = await open(current, previous);
    await store.migrate();
    expect(await read(store)).toBe('a report');
  },
);

test('a file without its own key that no key decrypts is left as it is, and a migration with its key makes it readable', async () => {
  const otherKey = randomBytes(32);
  const store = await open(otherKey, nextKey);
  await store.migrate();
  await expect(read(store)).rejects.toMatchObject({ code: 'secret-unreadable' });
  const withFormerKey = await open(otherKey, nextKey, formerKey);
  await withFormerKey.migrate();
  expect(await read(withFormerKey)).toBe('a report');
});
