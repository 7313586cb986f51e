import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createSealedFiles, type SealedFiles } from './sealed-files.ts';

let database: mongoose.Connection;
let files: SealedFiles;
const key = randomBytes(32);
beforeAll(async () => {
  database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
  files = createSealedFiles({ database, bucketName: 'sealed', key });
});
afterAll(() => database.close());

async function store(id: string, ...parts: Buffer[]): Promise<void> {
  const file = await files.create(id);
  for (const part of parts) await file.write(part);
  await file.end();
}
const chunks = () => database.collection<{ files_id: string; n: number; data: mongoose.mongo.Binary }>('sealed.chunks');

describe('a sealed file #quarantine', () => {
  test.each([0, 1, 27, 300_000, 3_000_000])(
    'of %i bytes comes back as it was, and is not readable in the database',
    async (size) => {
      const bytes = Buffer.alloc(size, 'Jane Doe ');
      await store(`f${size}`, bytes.subarray(0, size / 3), bytes.subarray(size / 3));
      expect((await buffer(files.open(`f${size}`))).equals(bytes)).toBe(true);
      for (const { data } of await chunks()
        .find({ files_id: `f${size}` })
        .toArray()) {
        expect(Buffer.from(data.buffer).includes('Jane Doe')).toBe(false);
      }
    },
  );

  test('written again, also after an upload that never ended, holds the last bytes only', async () => {
    const killed = await files.create('again');
    await killed.write(randomBytes(700_000));
    await store('again', Buffer.from('first'));
    await store('again', Buffer.from('second'));
    expect((await buffer(files.open('again'))).toString()).toBe('second');
    await killed.abort().catch(() => undefined);
  });

  test('that was aborted or removed leaves nothing', async () => {
    const file = await files.create('gone');
    await file.write(randomBytes(700_000));
    await file.abort();
    await store('removed', randomBytes(700_000));
    await files.remove('removed');
    expect(await chunks().countDocuments({ files_id: { $in: ['gone', 'removed'] } })).toBe(0);
    await expect(buffer(files.open('removed'))).rejects.toThrow();
  });

  test('that was changed, or is read with another key or name, ends with an error', async () => {
    await store('tampered', Buffer.from('{"resourceType":"Patient"}'));
    await expect(
      buffer(createSealedFiles({ database, bucketName: 'sealed', key: randomBytes(32) }).open('tampered')),
    ).rejects.toThrow();
    const [chunk] = await chunks().find({ files_id: 'tampered' }).toArray();
    const data = Buffer.from(chunk?.data.buffer ?? []);
    data[20] = (data[20] ?? 0) ^ 1;
    await chunks().updateOne({ _id: chunk?._id as never }, { $set: { data: new mongoose.mongo.Binary(data) } });
    await expect(buffer(files.open('tampered'))).rejects.toThrow();
  });
});
