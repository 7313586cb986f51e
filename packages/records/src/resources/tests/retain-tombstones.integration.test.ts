import { Database } from '@bulkhead/store';
import { testContext } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { retainTombstones } from '../erase/retain-tombstones.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext, makeDocument } from '../testing/index.ts';
import { toTombstone } from '../write/resource-document.ts';

const database = await mongoose.createConnection(testServices().mongodbUri).asPromise();
const { repositories: store } = resourceFeature.open({ ...testContext(database), rawWrites: () => undefined });
afterAll(() => database.close());

const { connectionId } = documentContext;
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
    {
      nextConnectionId: async (after) => (after < connectionId ? connectionId : undefined),
      oldestPending: async () => undefined,
    },
  );
  const inTwoDays = new Date(Date.now() + 2 * 24 * 3_600_000);
  expect(await deleteTombstones({ now: new Date(), olderThan: inTwoDays, limit: 10 })).toMatchObject({ deleted: 1 });
  const [left, ...others] = await database.collection('Goal').find().toArray();
  expect([left?.resourceId, left?.deleted, others]).toEqual(['back', false, []]);
});
