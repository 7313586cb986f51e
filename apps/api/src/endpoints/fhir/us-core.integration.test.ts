import { readFileSync } from 'node:fs';
import { makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

/**
 * What US Core 8.0.0 asks of servers (http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server, CC0): on each line a type, SHALL or
 * SHOULD, and searches. Parameters that are searched together have a `+` between them.
 */
const fixture = readFileSync(new URL('./us-core.fixture.txt', import.meta.url), 'utf8');
const required = fixture
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [type = '', level = '', ...searches] = line.split(' ');
    return searches.map((search) => ({ type, level, search }));
  });

/** Recommended parameters that no stored key answers, each with what answers the question here. */
const withoutKey: Readonly<Record<string, string>> = {
  'CareTeam role': 'A patient has a few care teams: search them by patient.',
  'Condition abatement-date': 'Search by patient, and compare the dates: a patient has some hundred conditions.',
  'Condition asserted-date': 'It is an extension. Search by patient.',
  'Condition onset-date': 'A type has one key for dates, and that of a Condition is recordedDate. Search by patient.',
  'Condition recorded-date': 'Bulkhead calls it `date`, as for every type, with a definition.',
  'Condition encounter': 'Search by patient, and compare the references.',
  'DocumentReference period': 'A type has one key for dates, and that of a DocumentReference is `date`.',
  'Encounter class': 'Search by patient.',
  'Encounter discharge-disposition': 'Search by patient.',
  'Encounter location': 'Search by patient.',
  'Goal description': 'Search by patient.',
  'Goal target-date': 'A type has one key for dates, and that of a Goal is its start.',
  'Location address-city': '`address` finds the beginning of any part of an address.',
  'Location address-postalcode': '`address` finds the beginning of any part of an address.',
  'Location address-state': '`address` finds the beginning of any part of an address.',
  'MedicationDispense type': 'Search by patient.',
  'MedicationRequest encounter': 'Search by patient.',
  'Patient death-date': 'The key for the date of a Patient is that of birth.',
  'QuestionnaireResponse questionnaire': 'Search by patient.',
  'RelatedPerson name': 'Search by patient: the names of relatives are not keys.',
};

const concept = (code: string) => ({ coding: [{ system: 'http://codes.example', code }] });
const patient = { reference: 'Patient/x' };
const subject = patient;
const coded = { category: [concept('cat')], code: concept('cod'), status: 'active' };
const name = [{ family: 'Doe', given: ['Jane'] }];
const identifier = [{ system: 'http://ids.example', value: '7' }];
const day = '2024-01-02';
const address = { city: 'Springfield' };
const resources: Readonly<Record<string, object>> = {
  AllergyIntolerance: { patient, clinicalStatus: concept('active') },
  CarePlan: { ...coded, subject, period: { start: day, end: day } },
  CareTeam: { subject, status: 'active', participant: [{ member: patient }] },
  Condition: { ...coded, subject, clinicalStatus: concept('active') },
  Coverage: { beneficiary: patient },
  Device: { patient, status: 'active', type: concept('typ') },
  DiagnosticReport: { ...coded, subject, effectiveDateTime: day },
  DocumentReference: {
    subject,
    category: coded.category,
    status: 'active',
    type: concept('typ'),
    date: `${day}T00:00:00Z`,
  },
  Encounter: { subject, status: 'active', type: [concept('typ')], period: { start: day, end: day }, identifier },
  Goal: { subject, lifecycleStatus: 'active' },
  Immunization: { patient, status: 'active', occurrenceDateTime: day },
  Location: { name: 'Doe', address },
  MedicationDispense: { subject, status: 'active', medicationReference: { reference: 'Medication/x' } },
  MedicationRequest: { subject, status: 'active', intent: 'order', authoredOn: day },
  Observation: { ...coded, subject, effectiveDateTime: day },
  Organization: { name: 'Doe', address: [address] },
  Patient: { name, identifier, birthDate: day },
  Practitioner: { name, identifier },
  PractitionerRole: { practitioner: { reference: 'Practitioner/x' }, specialty: [concept('spec')] },
  Procedure: { ...coded, subject, performedDateTime: day },
  QuestionnaireResponse: { subject, status: 'active', authored: day },
  RelatedPerson: { patient },
  ServiceRequest: { ...coded, subject, authoredOn: day },
  Specimen: { subject },
};
const lastUpdated = '2024-02-03T00:00:00Z';
const values: Readonly<Record<string, string>> = {
  _id: 'x',
  _lastUpdated: lastUpdated,
  patient: 'Patient/x',
  practitioner: 'Practitioner/x',
  category: 'http://codes.example|cat',
  code: 'http://codes.example|cod',
  type: 'typ',
  specialty: 'spec',
  status: 'active',
  'clinical-status': 'active',
  'lifecycle-status': 'active',
  intent: 'order',
  date: day,
  authored: day,
  authoredon: day,
  birthdate: day,
  identifier: 'http://ids.example|7',
  name: 'doe',
  family: 'doe',
  address: 'springfield',
};

const api = await startApi();
const connectionId = await api.createConnection();
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
afterAll(() => api.stopAndCheckAnswers());
const types = Object.keys(resources);
await api.store.prepareResourceTypes(types);
for (const resourceType of types) {
  const all = [
    { resourceType, id: 'x', meta: { lastUpdated }, ...resources[resourceType] },
    { resourceType, id: 'other', meta: { lastUpdated: '2023-01-01T00:00:00Z' } },
  ];
  const documents = all.map((resource) => makeDocument(resource, { connectionId }));
  await api.store.resourceWriter.write(resourceType, documents);
}

const namesOf = (search: string) => (search.includes('=') ? [] : search.split('+'));
const answerable = required.filter(
  ({ type, search }) => !namesOf(search).some((each) => `${type} ${each}` in withoutKey),
);

test('each search that US Core requires is answered', () => {
  const left = required.filter((each) => each.level === 'SHALL' && !answerable.includes(each));
  expect(left).toEqual([]);
});

test.each(answerable)('$type has the search $search, which US Core says it $level have', async ({ type, search }) => {
  const query = search.includes('=')
    ? `_id=x&${search}`
    : namesOf(search)
        .map((each) => `${each}=${values[each]}`)
        .join('&');
  const { status, body } = await api.request('GET', `${base}/${type}?${query}`);
  expect([status, query, body.issue]).toEqual([200, query, undefined]);
  const matches = (body.entry ?? []).filter((entry: { search: { mode: string } }) => entry.search.mode === 'match');
  expect(matches.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual(['x']);
});

test('a recommended parameter without a key is refused, and US Core recommends it', async () => {
  for (const parameter of Object.keys(withoutKey)) {
    const [type = '', refused = ''] = parameter.split(' ');
    const isRecommended = required.some((each) => each.type === type && namesOf(each.search).includes(refused));
    const { status } = await api.request('GET', `${base}/${type}?${refused}=x`);
    expect([parameter, isRecommended, status]).toEqual([parameter, true, 400]);
  }
});
