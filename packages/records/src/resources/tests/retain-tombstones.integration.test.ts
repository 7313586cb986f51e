import { Database } from '@bulkhead/store';
import { testContext } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { retainTombstones } from '../erase/retain-tombstones.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext, makeDocument } from '../testing/index.ts';
import { toTombstone } from '../version/resource-document.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const { repositories: store } = resourceFeature.open({ ...testContext(database), rawWrites: () => undefined });
afterAll(() => database.close());

const tombstone = (resourceId: string) => toTombstone({ resourceId, context: documentContext });
const writeGoal = (id: string) =>
  store.resourceWriter.write('Goal', [
    makeDocument({ resourceType: 'Goal', id, meta: { lastUpdated: '2026-01-01T00:00:00Z' } }),
  ]);

/** A database that calls `before` when it receives the deletion of Goals. */
function databaseThatDeletesAfter(before: () => Promise<unknown>): Database {
  const collection = (name: string) => {
    const of = database.collection(name);
    if (name !== 'Goal') return of;
    return Object.assign(Object.create(of), {
      deleteMany: async (filter: object) => {
        await before();
        return of.deleteMany(filter);
      },
    });
  };
  return new Database(Object.assign(Object.create(database), { collection }));
}

test('a resource that is created again while tombstones are deleted stays', async () => {
  await store.resourceWriter.write('Goal', ['back', 'gone'].map(tombstone));
  const deleteTombstones = retainTombstones(
    databaseThatDeletesAfter(() => writeGoal('back')),
    { oldestPending: async () => undefined },
  );
  const inTwoDays = new Date(Date.now() + 2 * 24 * 3_600_000);
  expect(await deleteTombstones({ now: new Date(), olderThan: inTwoDays, limit: 10 })).toMatchObject({ deleted: 1 });
  const [left, ...others] = await database.collection('Goal').find().toArray();
  expect([left?.resourceId, left?.deleted, others]).toEqual(['back', false, []]);
});

test('a pass asks for pending work of the connections that have old tombstones, and reads each type once beyond them', async () => {
  const inTwoDays = new Date(Date.now() + 2 * 24 * 3_600_000);
  const ofConnection = (id: string) => ({ ...documentContext, connectionId: id });
  const connectionIds = ['conn_02', 'conn_07'];
  await store.resourceWriter.write(
    'Goal',
    Array.from({ length: 10 }, (_, index) =>
      makeDocument({ resourceType: 'Goal', id: 'kept' }, ofConnection(`conn_0${index}`)),
    ),
  );
  for (const id of connectionIds)
    await store.resourceWriter.write('Goal', [toTombstone({ resourceId: 'gone', context: ofConnection(id) })]);
  const asked: string[] = [];
  let finds = 0;
  const counted = new Database(
    Object.assign(Object.create(database), {
      collection: (name: string) => {
        const of = database.collection(name);
        const findOne = (...args: Parameters<typeof of.findOne>) => {
          if (name === 'Goal') finds += 1;
          return of.findOne(...args);
        };
        return Object.assign(Object.create(of), { findOne });
      },
    }),
  );
  const deleteTombstones = retainTombstones(counted, {
    oldestPending: async (id) => {
      asked.push(id);
      return undefined;
    },
  });
  // The pass of another test.
  await database.collection('retention').deleteMany({});
  const request = { now: new Date(), olderThan: inTwoDays, limit: 10 };
  const results = [];
  for (let step = 0; step < 3; step++) results.push(await deleteTombstones(request));
  expect(results.map(({ deleted, hasMore }) => [deleted, hasMore])).toEqual([
    [1, true],
    [1, true],
    [0, false],
  ]);
  expect(asked).toEqual(connectionIds);
  expect(finds).toBe(3);
});
