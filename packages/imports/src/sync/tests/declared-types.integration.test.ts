import { athenahealthStatement, patientSearchTypes } from '@bulkhead/ehr/providers/testing';
import { makeDocument } from '@bulkhead/records/testing';
import { afterEach, expect, test } from '@jest/globals';
import { patients, plan, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const declare = () =>
  cases.inject('metadata', { kind: 'edit-document', set: { rest: athenahealthStatement.rest } }, { times: 'always' });
const requestsOf = (type: string) => cases.control.requests(new RegExp(`/fhir/r4/${type}$`));

test('a sync of all declared types searches the 20 types that athenahealth declares as searchable by patient', async () => {
  cases = await startUseCases({ simulator: { patients: 1 } });
  await declare();
  const { run } = await sync(cases, { includeOthers: true, patients: patients.slice(0, 1) });
  expect(run.types.toSorted()).toEqual([...patientSearchTypes, 'Patient'].toSorted());
  for (const type of patientSearchTypes) {
    const [request] = await requestsOf(type);
    expect([type, request?.parameters]).toEqual([type, expect.arrayContaining(['ah-practice', 'patient'])]);
  }
  expect((await requestsOf('MedicationRequest'))[0]?.parameters).toContain('intent');
});

test('a type whose search declares no `_id`, or none at all, is searched by patient or read, never by its id', async () => {
  cases = await startUseCases({ simulator: { patients: 2 } });
  const { resource } = athenahealthStatement.rest[0] ?? { resource: [] };
  const namesOf = (type: string) => {
    const declared = resource.find((other) => other.type === type) as { searchParam?: { name: string }[] } | undefined;
    return declared?.searchParam?.map(({ name }) => name);
  };
  expect([namesOf('AllergyIntolerance'), namesOf('Media')]).toEqual([
    ['patient', '_lastUpdated', 'ah-practice'],
    undefined,
  ]);
  const { phase, byType } = await sync(cases, { patients: patients.slice(0, 1) });
  expect([phase, byType.get('AllergyIntolerance')?.completed]).toEqual(['completed', 1]);
  for (const { parameters } of await requestsOf('AllergyIntolerance')) expect(parameters).not.toContain('_id');
  expect(await requestsOf('Media')).toEqual([]);
});

test.each([{ refusesUndeclared: false }, { refusesUndeclared: true }])(
  'a type whose search does not declare `ah-practice` is searched with it, and without it if it is refused: $refusesUndeclared',
  async ({ refusesUndeclared }) => {
    cases = await startUseCases({ simulator: { patients: 2 } });
    const [patient = ''] = patients;
    const specimen = { resourceType: 'Specimen', id: 'specimen-1', subject: { reference: `Patient/${patient}` } };
    await cases.control.put('Specimen/specimen-1', JSON.stringify(specimen));
    await declare();
    await cases.control.orderSettings({ refusesUndeclared });
    const { byType } = await sync(cases, { includeOthers: true, patients: [patient] });
    expect(byType.get('Specimen')).toMatchObject({ completed: 1, stored: 1 });
    const asked = (await requestsOf('Specimen')).map(({ parameters = [] }) => parameters.includes('ah-practice'));
    expect(asked).toEqual(refusesUndeclared ? [true, false] : [true]);
  },
);

test('a sync of all declared types stores the Provenance of what it finds where the EHR declares that, and one of the guide does not ask', async () => {
  cases = await startUseCases({ simulator: { patients: 2 } });
  const [patient = ''] = patients;
  const lines = (await cases.control.lines('Observation')).map((line) => JSON.parse(line));
  const { id = '' } = lines.find(({ subject }) => subject.reference === `Patient/${patient}`) ?? {};
  const target = [{ reference: `Observation/${id}` }];
  const provenance = {
    resourceType: 'Provenance',
    id: 'provenance-1',
    target,
    recorded: '2024-01-01T00:00:00Z',
    agent: [],
  };
  await cases.control.put('Provenance/provenance-1', JSON.stringify(provenance));
  const stored = () =>
    cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType: 'Provenance' });
  await declare();
  const { byType } = await sync(cases, { includeOthers: true, patients: [patient] });
  expect(await stored()).toEqual(['provenance-1']);
  // Provenance is not counted as an Observation.
  const count = lines.filter(({ subject }) => subject.reference === `Patient/${patient}`).length;
  expect(byType.get('Observation')).toMatchObject({ fetched: count, stored: count, rejected: 0 });
  await sync(cases, { patients: patients.slice(1, 2) });
  const asked = (await requestsOf('Observation')).map(({ parameters }) => parameters?.includes('_revinclude'));
  expect([asked[0], asked.at(-1)]).toEqual([true, false]);
});

test('a sync as in the guide searches the types of the guide, whatever the EHR declares', async () => {
  cases = await startUseCases({ simulator: { patients: 1 } });
  await declare();
  const { types } = (await plan(cases).then(({ id }) => cases.deps.store.syncRuns.find(id))) ?? { types: [] };
  expect(types).toHaveLength(11);
  expect(types).not.toContain('Coverage');
});

/** Stores an Encounter of the first patient. */
const storeEncounter = (id: string, appointment: unknown) =>
  cases.deps.store.resourceWriter.write('Encounter', [
    makeDocument(
      JSON.stringify({ resourceType: 'Encounter', id, subject: { reference: `Patient/${patients[0]}` }, appointment }),
      { connectionId: cases.connection.id },
    ),
  ]);
const request = { includeStandard: false, includeAppointments: true, patients: patients.slice(0, 1) };
const storedAppointments = () =>
  cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType: 'Appointment' });

test('appointments to which stored Encounters refer are read by their ids, each once, in requests of a few', async () => {
  cases = await startUseCases({ simulator: { patients: 4 }, search: { idsPerRequest: 2 } });
  const ids = (await cases.control.lines('Appointment')).slice(0, 5).map((line) => JSON.parse(line).id as string);
  const { fhirEndpoint } = cases.connection;
  const references = ids.map((id, index) => ({
    reference: [`Appointment/${id}`, `${fhirEndpoint}/Appointment/${id}/_history/1`][index % 2],
  }));
  await storeEncounter('e1', [...references, ...references, { reference: 'Appointment/none' }]);
  await storeEncounter('e2', { reference: 'Appointment/not-a-list' });
  await storeEncounter('e3', [
    null,
    7,
    { reference: 7 },
    { reference: 'Patient/p' },
    { reference: 'Appointment/a,b&c' },
    { reference: 'Appointment/..' },
    { reference: 'https://other.example/r4/Appointment/not-here' },
  ]);
  const { phase, byType, run } = await sync(cases, request);
  expect([phase, run.skipped]).toEqual(['completed', []]);
  expect((await storedAppointments()).toSorted()).toEqual(ids.toSorted());
  expect(byType.get('Appointment')).toMatchObject({ searches: 1, completed: 1, requests: 3, stored: 5 });
  expect(await requestsOf('Appointment')).toHaveLength(3);
  // Only the one that the EHR does not have is requested again.
  expect((await sync(cases, request)).byType.get('Appointment')).toMatchObject({ completed: 1, requests: 1 });
});

test('appointments are not read if a sync does not ask for them, and cost no request if no Encounter refers to one', async () => {
  cases = await startUseCases({ simulator: { patients: 4 } });
  const skipped = (await sync(cases, { ...request, includeAppointments: false })).run.skipped;
  expect(skipped).toMatchObject([{ resourceType: 'Appointment', always: true }]);
  expect((await sync(cases, request)).byType.get('Appointment')).toMatchObject({ completed: 1, requests: 0 });
  expect(await requestsOf('Appointment')).toEqual([]);
});
