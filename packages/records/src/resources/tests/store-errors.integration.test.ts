import { isDocumentRefused, isStoreUnavailable } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { resourceFeature } from '../resource.feature.ts';
import { toResourceDocument } from '../version/resource-document.ts';

const now = new Date('2024-06-01T00:00:00Z');
const { store, database, close } = await openTestStore(resourceFeature.open);
await store.prepareResourceTypes(['Device']);
await database.db?.command({ collMod: 'Device', validator: { resourceId: { $ne: 'invalid' } } });
afterAll(close);

function write(id: string, elements: object = {}) {
  const resource = { resourceType: 'Device', id, ...elements };
  const context = { connectionId: 'c', source: { exportId: 'e', fileId: 'f', line: 1 }, observedAt: now, now };
  const json = Buffer.from(JSON.stringify(resource));
  return store.resourceWriter.write('Device', [
    toResourceDocument({ resource, json, hasExactNumbers: false, context }),
    toResourceDocument({ resource: { ...resource, id: 'good' }, json, hasExactNumbers: false, context }),
  ]);
}

const failureOf = (write: Promise<unknown>) =>
  write.then(
    () => undefined,
    (error: unknown) => error,
  );

test.each([
  { name: 'a document that does not pass the validation of its collection', id: 'invalid', elements: {} },
  {
    name: 'a document with too many levels',
    id: 'deep',
    elements: { x: JSON.parse('['.repeat(300) + ']'.repeat(300)) },
  },
  { name: 'a key that contains NUL', id: 'nul', elements: { 'a\0b': 1 } },
  { name: 'a key that the driver reserves', id: 'type', elements: { x: { _bsontype: 'ObjectId' } } },
  { name: 'a document over 16 MB', id: 'large', elements: { x: 'x'.repeat(17 * 1024 * 1024) } },
])('isDocumentRefused is true for $name', async ({ id, elements }) => {
  expect(isDocumentRefused(await failureOf(write(id, elements)))).toBe(true);
});

test('isDocumentRefused is false if the server cannot be reached', async () => {
  const error = await failureOf(openTestStore(resourceFeature.open, { uri: 'mongodb://127.0.0.1:9/x' }));
  expect(error).toBeInstanceOf(Error);
  expect(isDocumentRefused(error)).toBe(false);
});

test.each([
  { name: 'an error that reports only a duplicate key', error: { code: 11000, writeErrors: [{ code: 11000 }] } },
  { name: 'a full disk', error: { code: 14031, writeErrors: [{ code: 121 }, { code: 14031 }] } },
  { name: 'a write conflict', error: { code: 112, writeErrors: { code: 112 } } },
  { name: 'a failed write concern', error: { code: 64, writeErrors: [] } },
  { name: 'a write that was not done in time', error: { code: 50, writeErrors: [] } },
  { name: 'missing permissions', error: { code: 13 } },
  { name: 'an error of another kind', error: {} },
])('isDocumentRefused is false for $name', ({ error }) => {
  expect(isDocumentRefused(Object.assign(new Error('failed'), error))).toBe(false);
});

const address = new URL(testServices().mongodbUri);
const { setName, me } = await database.getClient().db().admin().command({ hello: 1 });

// A single server answers whatever the URI prefers, and a set may announce an address that cannot be reached from here.
(me === address.host ? test : test.skip)(
  'reads go to the primary, even if the URI prefers a secondary, which can be behind',
  async () => {
    address.search = `?replicaSet=${setName}&readPreference=secondary`;
    const other = await openTestStore(resourceFeature.open, { uri: address.href });
    try {
      // The set of the tests has no secondary.
      expect(await other.store.resources.listIds({ connectionId: 'conn_1', resourceType: 'Patient' })).toEqual([]);
    } finally {
      await other.close();
    }
  },
);

test('isStoreUnavailable is true if a majority does not confirm a write in time, so that its job waits for it', () => {
  for (const code of [50, 64]) expect(isStoreUnavailable(Object.assign(new Error('failed'), { code }))).toBe(true);
});

// https://github.com/mongodb/specifications: Server Discovery And Monitoring, "not writable primary" and "node is recovering".
test.each([10107, 13435, 10058, 11600, 11602, 13436, 189, 91])(
  'isStoreUnavailable is true for the error %d of a member that is not, or no longer, the primary',
  (code) => {
    expect(isStoreUnavailable(Object.assign(new Error('failed'), { code }))).toBe(true);
  },
);
