import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createSecretBox } from '@bulkhead/base/encryption';
import { testServices } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { Database } from '../connection/database.ts';
import { openGate } from '../testing/test-context.ts';
import { EncryptedFiles } from './encrypted-files.ts';

const secretBox = createSecretBox({ current: randomBytes(32) });
const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const gate = openGate;
const files = new EncryptedFiles({ database: new Database(database), bucketName: 'encrypted', secretBox, gate });
afterAll(() => database.close());

async function store(owner: string, ...parts: Buffer[]) {
  const writer = await files.create({ owner, connectionId: 'conn_1' });
  for (const part of parts) await writer.write(part);
  return { owner, file: await writer.end() };
}
const chunks = () =>
  database.collection<{ files_id: string; n: number; data: mongoose.mongo.Binary }>('encrypted.chunks');

describe('an encrypted file #quarantine', () => {
  test.each([0, 1, 27, 300_000, 3_000_000])(
    'an encrypted file of %i bytes is read back unchanged and is not readable in the database',
    async (size) => {
      const bytes = Buffer.alloc(size, 'Jane Doe ');
      const stored = await store(`f${size}`, bytes.subarray(0, size / 3), bytes.subarray(size / 3));
      expect((await buffer(files.open(stored))).equals(bytes)).toBe(true);
      for (const { data } of await chunks().find({ files_id: stored.file }).toArray()) {
        expect(Buffer.from(data.buffer).includes('Jane Doe')).toBe(false);
      }
    },
  );

  test('the valid encrypted file of an owner stays when the others are removed, including unfinished ones', async () => {
    const killed = await files.create({ owner: 'owner', connectionId: 'conn_1' });
    await killed.write(randomBytes(700_000));
    const first = await store('owner', Buffer.from('first'));
    const second = await store('owner', Buffer.from('second'));
    const neighbour = await store('owner2', Buffer.from('neighbour'));
    await files.removeOf('owner', { except: second.file });
    expect((await buffer(files.open(second))).toString()).toBe('second');
    expect((await buffer(files.open(neighbour))).toString()).toBe('neighbour');
    await expect(buffer(files.open(first))).rejects.toThrow();
    await killed.abort();
    await files.removeOf('owner');
    expect(await chunks().distinct('files_id', { files_id: /^owner/ })).toEqual([neighbour.file]);
  });

  test('an aborted encrypted file leaves nothing', async () => {
    const file = await files.create({ owner: 'gone', connectionId: 'conn_1' });
    await file.write(randomBytes(700_000));
    await file.abort();
    expect(await chunks().countDocuments({ files_id: /^gone/ })).toBe(0);
  });

  test('reading an encrypted file fails if it was changed, or with another key or for another owner', async () => {
    const stored = await store('tampered', Buffer.from('{"resourceType":"Patient"}'));
    const otherFiles = new EncryptedFiles({
      database: new Database(database),
      bucketName: 'encrypted',
      secretBox: createSecretBox({ current: randomBytes(32) }),
      gate,
    });
    await expect(buffer(otherFiles.open(stored))).rejects.toThrow();
    await expect(buffer(files.open({ ...stored, owner: 'another' }))).rejects.toThrow();
    const [chunk] = await chunks().find({ files_id: stored.file }).toArray();
    const data = Buffer.from(chunk?.data.buffer ?? []);
    data[20] = (data[20] ?? 0) ^ 1;
    await chunks().updateOne({ _id: chunk?._id as never }, { $set: { data: new mongoose.mongo.Binary(data) } });
    await expect(buffer(files.open(stored))).rejects.toThrow();
  });
});
