import { randomBytes } from 'node:crypto';
import { parseExact, parseSearch, type Resource } from '@bulkhead/fhir';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createConnection } from 'mongoose';
import { createStore, type Store } from './create-store.ts';
import { toResourceDocument, toTombstone } from './resource-document.ts';

const { mongodbUri } = testServices();
const database = createConnection();
let store: Store;

const context = {
  connectionId: 'conn_1',
  source: { exportId: 'job_1', fileId: 'job_1.1', line: 1 },
  observedAt: new Date('2024-06-01T00:00:00Z'),
  now: new Date('2024-06-01T01:00:00Z'),
};

beforeAll(async () => {
  store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
  await store.connect();
  await database.openUri(mongodbUri, { autoIndex: false, autoCreate: false });
});
afterAll(async () => {
  await database.close();
  await store.close();
});

test('a migration gives resources of an earlier version what is searched, once', async () => {
  const collection = database.collection('Appointment');
  const json =
    '{"resourceType":"Appointment","id":"a","status":"booked","start":"2024-01-15T10:00:00Z","minutesDuration":30.0}';
  const documents = Array.from({ length: 300 }, (_, index) => {
    const resource = parseExact(json.replace('"a"', `"a${index}"`)) as Resource;
    return toResourceDocument({ resource, json: Buffer.from(json), hasExactNumbers: true, context });
  });
  await collection.createIndex({ connectionId: 1, 'keys.patient': 1, 'keys.date': -1 }, { name: 'by-patient' });
  await store.resourceWriter.write('Appointment', [...documents, toTombstone({ resourceId: 'gone', context })]);
  const former = { $set: { keys: { status: 'booked', date: '2024-01-15T10:00:00Z' } }, $unset: { summary: 1 } };
  await collection.updateMany({ deleted: false }, former);

  await store.migrate();
  const parsed = parseSearch(new URLSearchParams('date=2024-01-15&status=booked'));
  const search = 'request' in parsed ? parsed.request.search : undefined;
  const count = () =>
    store.resources.count({ connectionId: 'conn_1', resourceType: 'Appointment', search: search as never });
  expect(await count()).toBe(300);
  const stored = await collection.findOne({ _id: 'conn_1/a7' as never });
  expect(stored).toMatchObject({ revision: 1, summary: { status: 'booked', minutesDuration: 30 } });
  expect(await collection.findOne({ _id: 'conn_1/gone' as never })).toMatchObject({ deleted: true, keys: {} });
  expect((await collection.indexes()).map(({ name }) => name)).not.toContain('by-patient');

  await collection.updateMany({}, { $set: { keys: {} } });
  await store.migrate();
  expect(await count()).toBe(0);
});
