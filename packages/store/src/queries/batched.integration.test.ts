import { testServices } from '@bulkhead/testing';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose, { Schema } from 'mongoose';
import { batchedFind, batchedInsert } from './batched.ts';

interface Item {
  readonly _id: string;
  readonly text: string;
}

const schema = new Schema<Item>({ _id: String, text: String }, { strict: 'throw', versionKey: false });
const createModel = (database: mongoose.Connection) => database.model('Item', schema);
const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const model = createModel(database);
afterAll(() => database.close());
beforeEach(() => model.deleteMany({}));

describe('batchedInsert', () => {
  test('each call learns whether its document was inserted, also if others of the same command existed', async () => {
    await model.create({ _id: 'b', text: 'first' });
    const insert = batchedInsert<Item>(model);
    // The first call is a command of its own. The other ones share the next command.
    const inserted = ['x', 'a', 'b', 'c'].map((_id) => insert({ _id, text: 'second' }));
    expect(await Promise.all(inserted)).toEqual([true, true, false, true]);
    expect(await model.find().sort({ _id: 1 }).lean()).toEqual([
      { _id: 'a', text: 'second' },
      { _id: 'b', text: 'first' },
      { _id: 'c', text: 'second' },
      { _id: 'x', text: 'second' },
    ]);
  });

  test('one of two documents with the same id is inserted if they share a command', async () => {
    const insert = batchedInsert<Item>(model);
    const inserted = await Promise.all(['x', 'a', 'a'].map((_id, index) => insert({ _id, text: `${index}` })));
    expect(inserted).toEqual([true, true, false]);
    expect(await model.findById('a').lean()).toEqual({ _id: 'a', text: '1' });
  });

  test('a document that the schema does not allow is an error', async () => {
    const insert = batchedInsert<Item>(model);
    await expect(insert({ _id: 'a', other: 1 } as unknown as Item)).rejects.toThrow(/other/);
    expect(await insert({ _id: 'a', text: 'next' })).toBe(true);
  });
});

describe('batchedFind', () => {
  test('each call gets its own document, or undefined if there is none or the filter excludes it', async () => {
    await model.insertMany([
      { _id: 'a', text: 'kept' },
      { _id: 'b', text: 'deleted' },
    ]);
    const find = batchedFind<Item>(model, { text: 'kept' });
    const found = await Promise.all(['a', 'b', 'c', 'a'].map((id) => find(id)));
    expect(found.map((item) => item?._id)).toEqual(['a', undefined, undefined, 'a']);
  });
});
