import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { isErasedEntry, type ResourceDocument, toTombstone } from '../index.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext, makeDocument } from '../testing/index.ts';

const opened = await openTestStore((context) => {
  const created = resourceFeature.open({ ...context, rawWrites: () => undefined });
  const data = created.data({
    eraseDocumentsOf: async () => 0,
    oldestPending: async () => undefined,
  });
  return { repositories: { ...created.repositories, data } };
});
const { store, database, close } = opened;
afterAll(close);

const { connectionId } = documentContext;
const [resourceType, resourceId, patientId] = ['Condition', 'c1', 'p1'];
const reference = { connectionId, resourceType, resourceId };
const condition = (id: string, lastUpdated = '2024-05-01T00:00:00Z') =>
  makeDocument({
    resourceType,
    id,
    meta: { versionId: '1', lastUpdated },
    subject: { reference: `Patient/${patientId}` },
  });
const write = (...documents: ResourceDocument[]) => store.resourceWriter.write(resourceType, documents);
const find = () =>
  database.collection<ResourceDocument>(resourceType).findOne({ _id: `${connectionId}/${resourceId}` });

async function erase(): Promise<number> {
  const pass = { connectionId, patientId, signal: AbortSignal.timeout(60_000), now: new Date() };
  const found = { binaryIds: [], documentIds: [] };
  const changed = await store.data.erasePatient({
    ...pass,
    found,
    onFound: async () => undefined,
    onDeleted: async () => undefined,
  });
  // Otherwise an erasure would never end.
  expect(
    await store.data.erasePatient({ ...pass, found, onFound: async () => undefined, onDeleted: async () => undefined }),
  ).toBe(0);
  return changed;
}

async function changes(): Promise<string[]> {
  const found: string[] = [];
  const read = { connectionId, resourceType, since: new Date(0) };
  for await (const { resourceId, deleted, resource } of store.resourceChanges.readOnce(read))
    found.push(`${resourceId} ${deleted ? 'deleted' : (resource as { readonly id: string }).id}`);
  return found;
}

test('an erased resource is a change without content, which no read, search or count shows', async () => {
  await write(condition('c1'), condition('c2'));
  await write(condition('c2', '2024-05-02T00:00:00Z'));
  expect(await erase()).toBe(2);
  expect((await changes()).toSorted()).toEqual(['c1 deleted', 'c2 deleted']);
  for (const document of await database.collection(resourceType).find().toArray())
    expect(isErasedEntry(document)).toBe(true);
  const { resources } = store;
  expect(await resources.read(reference)).toBeUndefined();
  expect(await resources.readSources(reference)).toEqual([]);
  expect(await resources.listIds(reference)).toEqual([]);
  expect(await resources.countByType(connectionId)).toEqual({});
  // A copy of all types learns of the erasure.
  expect(await resources.listStoredTypes(connectionId)).toEqual([resourceType]);
  expect(await store.resourceSearch.stream(reference).next()).toMatchObject({ done: true });
  const amounts = await store.data.countOfConnection(connectionId);
  expect(Object.values({ ...amounts.resources, ...amounts.records })).toEqual([]);
});

test.each([
  { what: 'version', document: () => condition('c1', '2024-01-01T00:00:00Z'), stored: 'c1 c1' },
  { what: 'deletion', document: () => toTombstone({ resourceId, context: documentContext }), stored: 'c1 deleted' },
])('a $what that is received after the erasure replaces the entry, without a trace of earlier ones', async (sample) => {
  await write(condition('c1'));
  await erase();
  expect(await write(sample.document())).toMatchObject({ written: 1 });
  expect(await changes()).toContain(sample.stored);
  expect(await find()).toMatchObject({ earlier: [] });
  expect(await find()).not.toHaveProperty('erased');
});

test('the entry of an erased resource is kept as long as a tombstone', async () => {
  await write(condition('c1', '2024-07-01T00:00:00Z'));
  await erase();
  const dayMs = 24 * 3_600_000;
  const retain = async (days: number, at: number) =>
    store.data.retention.tombstone({ now: new Date(at), olderThan: new Date(at - days * dayMs), limit: 10 });
  const now = Date.now();
  await retain(2, now + dayMs);
  expect(await find()).toMatchObject({ erased: true });
  // A pass is due once a day.
  for (let day = 2; (await find()) !== null && day < 6; day++) await retain(2, now + day * dayMs);
  expect(await find()).toBeNull();
});
