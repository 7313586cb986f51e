import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { servedExportFeature } from './served-export.feature.ts';
import type { ServedExport } from './served-export.record.ts';

const { store, close } = await openTestStore((context) => servedExportFeature.open(context));
afterAll(close);
const { servedExports } = store;

const connectionId = 'conn_1';
const now = new Date('2024-06-01T00:00:00Z');
const request = 'https://bulkhead.example/fhir/conn_1/$export';

async function create(change: Partial<Omit<ServedExport, 'id'>> = {}): Promise<string> {
  const lists = { types: [], typeFilters: [], patients: [], elements: [], parts: [], ignored: [] };
  const expiresAt = new Date(now.getTime() + 60_000);
  return servedExports.create({
    connectionId,
    clientId: 'key_1',
    request,
    ...lists,
    until: now,
    deletedBefore: now,
    expiresAt,
    ...change,
  });
}
const exists = async (id: string) => (await servedExports.find({ id, now })) !== undefined;

test('an erasure of a patient deletes the served exports that can name the patient, and no other', async () => {
  const naming = [
    await create({ patients: ['another', 'p1'] }),
    await create({ typeFilters: [{ type: 'Patient', query: 'name=Planted' }] }),
    await create({ request: `${request}?patient=Patient%2Fp1` }),
    await create({ ignored: ['patient=Patient/p1'] }),
    await create({ elements: ['p1'] }),
    await create({ parts: [{ type: 'Patient', starts: ['o1', 'p1'] }] }),
  ];
  const others = [
    await create(),
    await create({ patients: ['p10'], request: `${request}?patient=Patient%2Fp10` }),
    await create({ connectionId: 'conn_2', patients: ['p1'] }),
  ];
  expect(await servedExports.deleteOfPatient({ connectionId, patientId: 'p1' })).toBe(naming.length);
  expect(await Promise.all(naming.map(exists))).toEqual(naming.map(() => false));
  expect(await Promise.all(others.map(exists))).toEqual(others.map(() => true));
});
