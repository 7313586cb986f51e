import { createQuarantineStore } from '@bulkhead/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { createBulkExportStore } from './store.ts';
import { makeBulkExport } from './testing/index.ts';
import { upgradeSentKickOffs } from './upgrade-sent.ts';

const { store, database, close } = await openTestStore((context) =>
  createBulkExportStore({ ...context, ...createQuarantineStore(context).repositories }),
);
afterAll(close);

const request = {
  exportType: 'Patient' as const,
  resourceTypes: ['Patient', 'Goal'],
  since: '2026-01-01T00:00:00Z',
  typeFilters: ['Goal?lifecycle-status=active'],
};
const statusUrl = 'https://ehr.example/status/1';
const everything = { method: 'GET', isOtherMethodRefused: false, since: request.since, refusedTypes: [] };

test.each([
  {
    name: 'without a refusal',
    dropped: [],
    sent: { ...everything, types: request.resourceTypes, typeFilters: request.typeFilters },
  },
  {
    name: 'without a type, and by the other method',
    dropped: ['_type=Goal', 'GET'],
    sent: {
      ...everything,
      ...{ method: 'POST', isOtherMethodRefused: true },
      ...{ types: ['Patient'], refusedTypes: ['Goal'], typeFilters: request.typeFilters },
    },
  },
  {
    name: 'without any parameter',
    dropped: ['_since', '_type', '_typeFilter'],
    sent: { method: 'GET', isOtherMethodRefused: false, types: [], refusedTypes: [], typeFilters: [] },
  },
])('the record of an earlier version that was kicked off $name gets what was sent', async ({ dropped, sent }) => {
  const record = makeBulkExport({ request, statusUrl });
  await store.bulkExports.insert({ record, requestKey: record.id });
  const exports = database.collection<{ _id: string }>('bulk_exports');
  await exports.updateOne({ _id: record.id }, { $set: { droppedParameters: dropped } });
  await upgradeSentKickOffs(database);
  await upgradeSentKickOffs(database);
  expect(await store.bulkExports.find(record.id)).toEqual({ ...record, sent });
});

test('the record of an earlier version that was not kicked off has sent nothing', async () => {
  const record = makeBulkExport({ request });
  await store.bulkExports.insert({ record, requestKey: record.id });
  const exports = database.collection<{ _id: string }>('bulk_exports');
  await exports.updateOne({ _id: record.id }, { $set: { droppedParameters: [] } });
  await upgradeSentKickOffs(database);
  expect(await store.bulkExports.find(record.id)).toEqual(record);
});
