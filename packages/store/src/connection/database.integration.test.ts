import { testServices } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createConnection, Schema } from 'mongoose';
import { defineFeature } from '../feature/define-feature.ts';
import { testContext } from '../testing/index.ts';

const connection = await createConnection(testServices().mongodbUri).asPromise();
afterAll(() => connection.destroy());

const collections = { own: 'own_records' } as const;
const feature = defineFeature({
  collections,
  buckets: ['own_files'],
  open: ({ database }: Pick<ReturnType<typeof testContext>, 'database'>) => ({
    repositories: { database },
    data: undefined as never,
  }),
});
const { database } = feature.open(testContext(connection)).repositories;
const model = database.model('Own', new Schema({ n: Number }, { collection: 'own_records' }));
const isForeign = 'belongs to another feature';
/** A name that no search of the code finds. */
const other = ['other', 'records'].join('_');

describe('the database of a feature', () => {
  test('opens the collections and files of the feature', async () => {
    await database.collection('own_records').insertOne({ _id: 'a', n: 1 });
    expect(await model.countDocuments()).toBe(1);
    expect(
      await database
        .collection('own_records')
        .aggregate([{ $count: 'n' }])
        .toArray(),
    ).toEqual([{ n: 1 }]);
    expect(await database.bucket('own_files').find().toArray()).toEqual([]);
    await connection.collection(other).insertOne({ n: 1 });
    expect(await database.listCollections()).toEqual(['own_records']);
  });

  test('refuses the collection and the files of another feature, also if their name is computed', () => {
    expect(() => database.collection(other)).toThrow(isForeign);
    expect(() => database.model('Other', new Schema({}, { collection: other }))).toThrow(isForeign);
    expect(() => database.bucket('quarantine')).toThrow(isForeign);
  });

  test.each([
    { stage: { $lookup: { from: other, localField: 'n', foreignField: 'n', as: 'others' } } },
    { stage: { $graphLookup: { from: other, startWith: '$n', connectFromField: 'n', connectToField: 'n', as: 'o' } } },
    { stage: { $unionWith: other } },
    { stage: { $unionWith: { coll: other } } },
    { stage: { $facet: { inner: [{ $lookup: { from: other, as: 'others', pipeline: [] } }] } } },
    { stage: { $out: other } },
    { stage: { $merge: { into: other } } },
    { stage: { $merge: { into: { db: 'elsewhere', coll: 'own_records' } } } },
  ])('refuses an aggregation that uses another collection: $stage', async ({ stage }) => {
    expect(() => database.collection('own_records').aggregate([stage])).toThrow(isForeign);
    await expect(model.aggregate([stage as never])).rejects.toThrow(isForeign);
  });
});
