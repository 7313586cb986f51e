import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createEncryptStream } from '@bulkhead/store';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createStore, type Store } from '../../create-store.ts';

const { mongodbUri: uri } = testServices();
const encryptionKey = randomBytes(32);
const store = createStore({ uri, encryptionKey });
await store.connect();
const database = await mongoose.createConnection(uri).asPromise();
afterAll(async () => {
  await database.close();
  await store.close();
});

test('a file that an earlier version encrypted without its own key can be read after a migration and after a key rotation', async () => {
  const content = { upload: 'up_1', parts: ['up_1.0/former'], partBytes: 100 };
  const bucket = new mongoose.mongo.GridFSBucket(database.db as never, { bucketName: 'document_files' });
  const upload = bucket.openUploadStreamWithId('up_1.0/former' as never, 'up_1.0/former');
  await pipeline(
    Readable.from([Buffer.from('a report')]),
    createEncryptStream({ key: encryptionKey, owner: 'up_1.0' }),
    upload,
  );
  await store.migrate();
  await store.migrate();
  const read = (from: Store) => text(from.documentContents.read(content, { start: 0, end: 8 }));
  expect(await read(store)).toBe('a report');
  const rotated = createStore({ uri, encryptionKey: randomBytes(32), previousEncryptionKeys: [encryptionKey] });
  await rotated.connect();
  await rotated.rotateEncryptionKey({ dryRun: false });
  expect(await read(rotated)).toBe('a report');
  await rotated.close();
});
