import { randomBytes } from 'node:crypto';
import { parseSearch } from '@bulkhead/fhir';
import { toTombstone, upgradeResources } from '@bulkhead/records';
import { documentContext as context, makeDocument } from '@bulkhead/records/testing';
import { Database } from '@bulkhead/store';
import { testServices } from '@bulkhead/testing';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { createConnection } from 'mongoose';
import { createStore } from '../../create-store.ts';

const { mongodbUri } = testServices();
const connection = createConnection();
const database = new Database(connection);

const store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
await store.connect();
await connection.openUri(mongodbUri, { autoIndex: false, autoCreate: false });
afterAll(async () => {
  await connection.close();
  await store.close();
});

afterEach(async () => {
  for (const name of ['upgrades', 'Coverage', 'Task']) await database.collection(name).deleteMany({});
});

test('a migration derives the search keys of resources that an earlier version stored, once', async () => {
  const collection = database.collection('Appointment');
  const json =
    '{"resourceType":"Appointment","id":"a","status":"booked","start":"2024-01-15T10:00:00Z","minutesDuration":30.0}';
  const documents = Array.from({ length: 300 }, (_, index) => makeDocument(json.replace('"a"', `"a${index}"`)));
  await store.resourceWriter.write('Appointment', [...documents, toTombstone({ resourceId: 'gone', context })]);
  const keys = { status: 'booked', date: '2024-01-15T10:00:00Z' };
  await collection.updateMany({ deleted: false }, { $set: { keys } });

  await store.migrate();
  const parsed = parseSearch('Appointment', new URLSearchParams('date=2024-01-15&status=booked'));
  const search = 'request' in parsed ? parsed.request.search : undefined;
  const count = () =>
    store.resourceSearch.count({ connectionId: 'conn_1', resourceType: 'Appointment', search: search as never });
  expect(await count()).toBe(300);
  const stored = await collection.findOne({ _id: 'conn_1/a7' as never });
  expect(stored).toMatchObject({ revision: 1, resource: { status: 'booked' } });
  expect(await collection.findOne({ _id: 'conn_1/gone' as never })).toMatchObject({ deleted: true, keys: {} });

  await collection.updateMany({}, { $set: { keys: {} } });
  await store.migrate();
  expect(await count()).toBe(0);
});

const coverageJson = (id: string, change: object = {}) =>
  JSON.stringify({ resourceType: 'Coverage', id, beneficiary: { reference: 'Patient/p1' }, ...change });

/** Stores resources like an earlier version, which did not find the patient in them. */
async function storeFormer(type: string, count: number): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) => {
    const id = `c${String(index).padStart(4, '0')}`;
    return makeDocument(coverageJson(id, { resourceType: type, for: { reference: 'Patient/p1' } }));
  });
  await store.resourceWriter.write(type, documents);
  await database.collection(type).updateMany({}, { $set: { keys: {} } });
}

const countWithPatient = (type: string) => database.collection(type).countDocuments({ 'keys.patient': 'p1' });

/** The database, with a callback before each batch of an upgrade is written. */
function withBatches(beforeBatch: (batch: number) => Promise<void>): Database {
  let batches = 0;
  const collection = (name: string) => {
    const real = database.collection(name);
    const bulkWrite = async (...operations: Parameters<typeof real.bulkWrite>) => {
      batches += 1;
      await beforeBatch(batches);
      return real.bulkWrite(...operations);
    };
    return new Proxy(real, {
      get: (target, member) => {
        const value = member === 'bulkWrite' ? bulkWrite : Reflect.get(target, member);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return { collection } as unknown as Database;
}

const resourceTypes = ['Task', 'Coverage'];

test('an upgrade that was interrupted continues after its last batch', async () => {
  await storeFormer('Coverage', 300);
  await storeFormer('Task', 3);
  const interrupted = withBatches(async (batch) => {
    if (batch === 3) throw new Error('the process was killed');
  });
  await expect(upgradeResources({ database: interrupted, resourceTypes, again: false })).rejects.toThrow('killed');
  expect([await countWithPatient('Coverage'), await countWithPatient('Task')]).toEqual([250, 0]);
  expect(await upgradeResources({ database, resourceTypes, again: false })).toBe(50 + 3);
  expect([await countWithPatient('Coverage'), await countWithPatient('Task')]).toEqual([300, 3]);
  expect(await upgradeResources({ database, resourceTypes, again: false })).toBe(0);
});

test('an upgrade with `again` begins at the first resource after an interrupted upgrade, and continues after its own last batch', async () => {
  await storeFormer('Coverage', 300);
  const killAt = (last: number) =>
    withBatches(async (batch) => {
      if (batch === last) throw new Error('the process was killed');
    });
  const upgrade = (from: Database, again: boolean) => upgradeResources({ database: from, resourceTypes, again });
  await expect(upgrade(killAt(3), false)).rejects.toThrow('killed');
  // A worker of the earlier version stores resources that the interrupted upgrade has passed.
  await database.collection('Coverage').updateMany({}, { $set: { keys: {} } });
  await expect(upgrade(killAt(2), true)).rejects.toThrow('killed');
  expect(await countWithPatient('Coverage')).toBe(125);
  expect(await upgrade(database, true)).toBe(175);
  expect(await countWithPatient('Coverage')).toBe(300);
});

test('an upgrade does not overwrite the version that a worker writes at the same time', async () => {
  await storeFormer('Coverage', 3);
  const patients = { beneficiary: { reference: 'Patient/p2' }, subscriber: { reference: 'Patient/p3' } };
  const json = coverageJson('c0001', { ...patients, meta: { lastUpdated: '2024-07-01T00:00:00Z' } });
  const besideWorker = withBatches(async () => {
    await store.resourceWriter.write('Coverage', [makeDocument(json)]);
  });
  expect(await upgradeResources({ database: besideWorker, resourceTypes, again: false })).toBe(3);
  const stored = await database.collection('Coverage').findOne({ _id: 'conn_1/c0001' as never });
  expect(stored).toMatchObject({ revision: 2, keys: { patient: ['p2', 'p3'] }, resource: patients });
  expect(await countWithPatient('Coverage')).toBe(2);
});

test('a migration with rederivesKeys derives the search keys again, for resources that an older worker has stored since', async () => {
  await store.migrate();
  await storeFormer('Coverage', 3);
  expect(await store.migrate()).toEqual({ resources: 0 });
  expect(await countWithPatient('Coverage')).toBe(0);
  expect((await store.migrate({ rederivesKeys: true })).resources).toBeGreaterThanOrEqual(3);
  expect(await countWithPatient('Coverage')).toBe(3);
});
