import { afterEach, expect, test } from '@jest/globals';
import { sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

/** A server that can be searched and has no `$export`. No patient is stored. */
async function start(search: object): Promise<void> {
  cases = await startUseCases({
    simulator: { patients: 7, exportLevels: [], practiceWideSearch: true },
    search: { pageSize: 3, ...search },
  });
}

const stored = async (resourceType: string) =>
  (await cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType })).length;

test('a sync finds all patients by search if the provider says how, page by page', async () => {
  await start({ patientList: {} });
  expect((await sync(cases, { includeEnhanced: false, patients: [] })).phase).toBe('completed');
  const types = await cases.control.types();
  expect([await stored('Patient'), await stored('Condition')]).toEqual([types.Patient, types.Condition]);
});

test('a sync without stored patients fails with what to do if the provider does not say how to list them', async () => {
  await start({});
  await expect(sync(cases, { includeEnhanced: false, patients: [] })).rejects.toMatchObject({
    code: 'no-patients',
    message: expect.stringContaining('search.patientList'),
  });
});

test('a list of patients whose pages form a circle fails the sync', async () => {
  await start({ patientList: {} });
  const url = `${cases.simulator.fhirEndpoint}/Patient?x=1`;
  const body = { resourceType: 'Bundle', type: 'searchset', entry: [], link: [{ relation: 'next', url }] };
  await cases.inject('r4/Patient$', { kind: 'status', status: 200, body }, { times: 'always' });
  await expect(sync(cases, { includeEnhanced: false, patients: [] })).rejects.toMatchObject({ code: 'search-loops' });
});

test('the list of patients is read again if it changed while its pages were read, and fails if it changes each time', async () => {
  await start({ patientList: {} });
  const [first] = await cases.control.lines('Patient');
  // A patient of the first page has moved to the second one, and another one is on neither.
  const body = { resourceType: 'Bundle', type: 'searchset', total: 7, entry: [{ resource: JSON.parse(first ?? '') }] };
  const move = (times: number | 'always') =>
    cases.inject('r4/Patient$', { kind: 'status', status: 200, body }, { after: 1, times });
  await move(1);
  expect((await sync(cases, { includeEnhanced: false, patients: [] })).phase).toBe('completed');
  expect(await stored('Patient')).toBe((await cases.control.types()).Patient);
  await cases.control.cancelOrders();
  await move('always');
  await expect(sync(cases, { includeEnhanced: false, patients: [] })).rejects.toMatchObject({ code: 'patients-moved' });
});
