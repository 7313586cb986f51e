import { randomBytes } from 'node:crypto';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose, { type Connection as Database } from 'mongoose';
import { createSealedPlace } from './sealed-place.ts';
import { createSecretBox } from './secret-box.ts';

const former = randomBytes(32);
const before = createSecretBox({ current: former });
const box = createSecretBox({ current: randomBytes(32), previous: [former] });
let database: mongoose.Connection;
beforeAll(async () => {
  database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
});
afterAll(() => database.close());

const secrets = () => database.collection<{ _id: string; sealed?: string }>('secrets');
const seal = (text: string, by = before) => by.seal({ plaintext: Buffer.from(text), owner: 'a' });
const read = async () =>
  box.open({ sealed: (await secrets().findOne({ _id: 'a' }))?.sealed ?? '', owner: 'a' }).toString();
const place = (on: Database = database) =>
  createSealedPlace({ database: on, secretBox: box, collection: 'secrets', field: 'sealed', ownerOf: (id) => id });
beforeEach(async () => {
  await secrets().deleteMany({});
  await secrets().insertMany([{ _id: 'a', sealed: seal('first') }, { _id: 'without' }]);
});

/** The same database, but another process writes between the read and the update of a value. */
function withWriter(write: () => Promise<unknown>): Database {
  const collection = (name: string) => {
    const real = database.collection(name);
    return {
      find: real.find.bind(real),
      updateOne: async (...given: Parameters<typeof real.updateOne>) => {
        await write();
        return real.updateOne(...given);
      },
    };
  };
  return { collection } as unknown as Database;
}

describe('the key rotation of an encrypted field', () => {
  test('a key rotation encrypts each value with the current key once', async () => {
    expect([
      await place().countLeft(),
      await place().reseal(),
      await place().countLeft(),
      await place().reseal(),
    ]).toEqual([1, 1, 0, 0]);
    expect(await read()).toBe('first');
    expect(() => before.open({ sealed: seal('x', box), owner: 'a' })).toThrow('cannot be decrypted');
  });

  test.each([
    { by: 'the current key', sealed: () => seal('second', box), left: 0 },
    { by: 'the previous key, by a process that still uses it', sealed: () => seal('second'), left: 1 },
  ])(
    'a key rotation does not overwrite a value that was written in the meantime with $by',
    async ({ sealed, left }) => {
      const writing = withWriter(() => secrets().updateOne({ _id: 'a' }, { $set: { sealed: sealed() } }));
      expect(await place(writing).reseal()).toBe(0);
      expect([await read(), await place().countLeft()]).toEqual(['second', left]);
      await place().reseal();
      expect([await read(), await place().countLeft()]).toEqual(['second', 0]);
    },
  );

  test('a key rotation does not restore a value that was deleted in the meantime', async () => {
    await place(withWriter(() => secrets().deleteOne({ _id: 'a' }))).reseal();
    await secrets().insertOne({ _id: 'a', sealed: seal('first') });
    await place(withWriter(() => secrets().updateOne({ _id: 'a' }, { $unset: { sealed: 1 } }))).reseal();
    expect(await secrets().findOne({ _id: 'a' })).toEqual({ _id: 'a' });
  });
});
