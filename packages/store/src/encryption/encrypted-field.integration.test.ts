import { randomBytes } from 'node:crypto';
import { createSecretBox } from '@bulkhead/base/encryption';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { Database } from '../connection/database.ts';
import { createEncryptedField } from './encrypted-field.ts';

const former = randomBytes(32);
const before = createSecretBox({ current: former });
const box = createSecretBox({ current: randomBytes(32), previous: [former] });
const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
afterAll(() => database.close());

const secrets = () => database.collection<{ _id: string; encrypted?: string }>('secrets');
const encrypt = (text: string, by = before) => by.encrypt({ plaintext: Buffer.from(text), owner: 'a' });
const read = async () =>
  box.decrypt({ encrypted: (await secrets().findOne({ _id: 'a' }))?.encrypted ?? '', owner: 'a' }).toString();
const encryptedField = (on: Database = new Database(database)) =>
  createEncryptedField({
    database: on,
    secretBox: box,
    collection: 'secrets',
    field: 'encrypted',
    ownerOf: (id) => id,
  });
beforeEach(async () => {
  await secrets().deleteMany({});
  await secrets().insertMany([{ _id: 'a', encrypted: encrypt('first') }, { _id: 'without' }]);
});

/** The same database, but another process writes between the read and the update of a value. */
function withWriter(write: () => Promise<unknown>): Database {
  const collection = (name: string) => {
    const real = database.collection(name);
    return {
      find: real.find.bind(real),
      updateOne: async (...args: Parameters<typeof real.updateOne>) => {
        await write();
        return real.updateOne(...args);
      },
    };
  };
  return { collection } as unknown as Database;
}

test('a key rotation encrypts each value with the current key once', async () => {
  expect([
    await encryptedField().countOutdated(),
    await encryptedField().reencrypt(),
    await encryptedField().countOutdated(),
    await encryptedField().reencrypt(),
  ]).toEqual([1, 1, 0, 0]);
  expect(await read()).toBe('first');
  expect(() => before.decrypt({ encrypted: encrypt('x', box), owner: 'a' })).toThrow('cannot be decrypted');
});

test.each([
  { by: 'the current key', encrypted: () => encrypt('second', box), outdated: 0 },
  { by: 'the previous key, by a process that still uses it', encrypted: () => encrypt('second'), outdated: 1 },
])(
  'a key rotation does not overwrite a value that was written in the meantime with $by',
  async ({ encrypted, outdated }) => {
    const writing = withWriter(() => secrets().updateOne({ _id: 'a' }, { $set: { encrypted: encrypted() } }));
    expect(await encryptedField(writing).reencrypt()).toBe(0);
    expect([await read(), await encryptedField().countOutdated()]).toEqual(['second', outdated]);
    await encryptedField().reencrypt();
    expect([await read(), await encryptedField().countOutdated()]).toEqual(['second', 0]);
  },
);

test('a key rotation does not restore a value that was deleted in the meantime', async () => {
  await encryptedField(withWriter(() => secrets().deleteOne({ _id: 'a' }))).reencrypt();
  await secrets().insertOne({ _id: 'a', encrypted: encrypt('first') });
  await encryptedField(withWriter(() => secrets().updateOne({ _id: 'a' }, { $unset: { encrypted: 1 } }))).reencrypt();
  expect(await secrets().findOne({ _id: 'a' })).toEqual({ _id: 'a' });
});
