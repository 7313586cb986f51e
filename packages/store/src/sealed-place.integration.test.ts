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

/** The same database, where somebody else writes between the reading of a value and the writing of it. */
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

describe('a rotation of a place', () => {
  test('seals what is there, once', async () => {
    expect([
      await place().countLeft(),
      await place().reseal(),
      await place().countLeft(),
      await place().reseal(),
    ]).toEqual([1, 1, 0, 0]);
    expect(await read()).toBe('first');
    expect(() => before.open({ sealed: seal('x', box), owner: 'a' })).toThrow('cannot be opened');
  });

  test.each([
    { by: 'the current key', sealed: () => seal('second', box), left: 0 },
    { by: 'the former key, by a process that still has it', sealed: () => seal('second'), left: 1 },
  ])('leaves a value that was written meanwhile with $by', async ({ sealed, left }) => {
    const writing = withWriter(() => secrets().updateOne({ _id: 'a' }, { $set: { sealed: sealed() } }));
    expect(await place(writing).reseal()).toBe(0);
    expect([await read(), await place().countLeft()]).toEqual(['second', left]);
    await place().reseal();
    expect([await read(), await place().countLeft()]).toEqual(['second', 0]);
  });

  test('does not bring back what was deleted meanwhile', async () => {
    await place(withWriter(() => secrets().deleteOne({ _id: 'a' }))).reseal();
    await secrets().insertOne({ _id: 'a', sealed: seal('first') });
    await place(withWriter(() => secrets().updateOne({ _id: 'a' }, { $unset: { sealed: 1 } }))).reseal();
    expect(await secrets().findOne({ _id: 'a' })).toEqual({ _id: 'a' });
  });
});
