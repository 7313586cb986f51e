import { createRetention } from '@bulkhead/erasure';
import { toTombstone } from '@bulkhead/resources';
import { documentContext, makeDocument } from '@bulkhead/resources/testing';
import { afterAll, expect, test } from '@jest/globals';
import { openTestStore } from '../open-test-store.fixture.ts';

const { store, database, close } = await openTestStore();
afterAll(close);

const { connectionId } = documentContext;
const tombstone = (resourceId: string) => toTombstone({ resourceId, context: documentContext });
const writeGoal = (id: string) =>
  store.resourceWriter.write('Goal', [
    makeDocument({ resourceType: 'Goal', id, meta: { lastUpdated: '2026-01-01T00:00:00Z' } }),
  ]);

/** A database that calls `before` when it receives the deletion of Goals. */
function databaseThatDeletesAfter(before: () => Promise<unknown>): typeof database {
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
  return Object.assign(Object.create(database), { collection });
}

test('a resource that is created again while tombstones are deleted stays', async () => {
  await database.collection('connections').insertOne({ _id: connectionId as never });
  await store.resourceWriter.write('Goal', ['back', 'gone'].map(tombstone));
  const { tombstone: deleteTombstones } = createRetention({
    ...(store as never as Parameters<typeof createRetention>[0]),
    database: databaseThatDeletesAfter(() => writeGoal('back')),
  });
  const inTwoDays = new Date(Date.now() + 2 * 24 * 3_600_000);
  expect(await deleteTombstones({ now: new Date(), olderThan: inTwoDays, limit: 10 })).toMatchObject({ deleted: 1 });
  const [left, ...others] = await database.collection('Goal').find().toArray();
  expect([left?.resourceId, left?.deleted, others]).toEqual(['back', false, []]);
});
