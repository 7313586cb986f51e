import { publishedLines } from '@bulkhead/testing';
import { testWithLines } from '@bulkhead/testing/test-with-lines';
import { expect, test } from '@jest/globals';
import { patientCompartment } from './patient-compartment.fixture.ts';
import { patientsOf } from './patient-compartment.ts';
import { referencedId } from './reference.ts';
import type { Resource } from './resource.ts';

const patient = (id: string) => ({ reference: `Patient/${id}` });
const practitioner = { reference: 'Practitioner/p' };
const of = (resourceType: string, elements: object) => patientsOf({ resourceType, id: 'x', ...elements } as Resource);

/** The expressions of the compartment's search parameters are paths. Some have a condition. */
const publishedElements = Object.values(patientCompartment)
  .flatMap((parameters) => Object.values(parameters).join(' | ').split(' | '))
  .map((expression) => ({ path: expression.replace('.where(resolve() is Patient)', '') }));

test.each([
  { type: 'Account', elements: { subject: [practitioner, patient('a'), patient('b')] }, ids: ['a', 'b'] },
  { type: 'Appointment', elements: { participant: [{ actor: practitioner }, { actor: patient('a') }] }, ids: ['a'] },
  { type: 'AuditEvent', elements: { agent: [{ who: practitioner }], entity: [{ what: patient('a') }] }, ids: ['a'] },
  { type: 'Binary', elements: { securityContext: patient('a') }, ids: ['a'] },
  { type: 'CarePlan', elements: { activity: [{ detail: { performer: [patient('a')] } }] }, ids: ['a'] },
  {
    type: 'Coverage',
    elements: {
      policyHolder: patient('b'),
      subscriber: patient('c'),
      beneficiary: patient('a'),
      payor: [patient('b')],
    },
    ids: ['a', 'b', 'c'],
  },
  { type: 'Device', elements: { patient: patient('a') }, ids: ['a'] },
  { type: 'EnrollmentRequest', elements: { candidate: patient('a') }, ids: ['a'] },
  {
    type: 'ExplanationOfBenefit',
    elements: { patient: patient('a'), payee: { party: patient('b') } },
    ids: ['a', 'b'],
  },
  { type: 'Group', elements: { member: [{ entity: patient('a') }, { entity: patient('b') }] }, ids: ['a', 'b'] },
  { type: 'Observation', elements: { performer: [patient('b')], subject: patient('a') }, ids: ['a', 'b'] },
  { type: 'Patient', elements: { link: [{ other: patient('merged') }] }, ids: ['x', 'merged'] },
  { type: 'Provenance', elements: { target: [{ reference: 'Observation/o' }, patient('a')] }, ids: ['a'] },
  { type: 'Task', elements: { for: patient('a'), owner: practitioner }, ids: ['a'] },
  // Not in the compartment, but about a patient.
  { type: 'GuidanceResponse', elements: { subject: patient('a') }, ids: ['a'] },
  { type: 'EnrollmentResponse', elements: { patient: patient('a') }, ids: ['a'] },
  { type: 'Organization', elements: { name: 'Patient/a' }, ids: [] },
])('patientsOf finds the patients of $type', ({ type, elements, ids }) => {
  expect(of(type, elements)).toEqual(ids);
});

test.each(publishedElements)('patientsOf finds the patient in $path of the published compartment', ({ path }) => {
  const [resourceType = '', ...elements] = path.split('.');
  const resource = elements.reduceRight<object>((value, element) => ({ [element]: value }), patient('a'));
  expect(of(resourceType, resource)).toEqual(resourceType === 'Patient' ? ['x', 'a'] : ['a']);
});

test('patientsOf lists each patient once', () => {
  expect(of('Coverage', { beneficiary: patient('a'), subscriber: patient('a') })).toEqual(['a']);
});

test('patientsOf lists only the first thousand members of a Group', () => {
  const member = Array.from({ length: 1200 }, (_, index) => ({ entity: patient(`p${index}`) }));
  expect(of('Group', { member })).toHaveLength(1000);
});

test('patientsOf skips elements of a wrong shape', () => {
  for (const subject of [null, 'Patient/a', 7, [[patient('a'), null]], { reference: { reference: 'Patient/a' } }])
    expect(() => of('Observation', { subject })).not.toThrow();
  expect(of('Observation', { subject: 'Patient/a', performer: null })).toEqual([]);
});

test.each([
  { reference: 'Patient/a', id: 'a' },
  { reference: '/Patient/a', id: 'a' },
  { reference: 'https://ehr.example/fhir/r4/Patient/a-195900.E-1', id: 'a-195900.E-1' },
  { reference: 'Patient/a/_history/3', id: 'a' },
  { reference: 'https://ehr.example/Patient/a/_history/3', id: 'a' },
  { reference: 'Group/a', id: undefined },
  { reference: 'https://ehr.example/Patient/fhir/Observation/o', id: undefined },
  { reference: 'https://Patient/a/Group/g', id: undefined },
  { reference: 'urn:uuid:2a70e1f0-93a5-4f9f-8a6d-0b6f0a8a1b11', id: undefined },
  { reference: 'urn:x/Patient/a', id: undefined },
  { reference: '#Patient/a', id: undefined },
  { reference: '#1', id: undefined },
  { reference: 'Patient/a#part', id: 'a' },
  { reference: 'Patient%2Fa', id: 'a' },
  { reference: 'https://ehr.example/Patient%2Fa%2F_history%2F3', id: 'a' },
  { reference: 'Patient/%61', id: 'a' },
  { reference: 'Patient/%', id: undefined },
  { reference: 'Patient?_id=a', id: 'a' },
  { reference: 'https://ehr.example/Patient?_id=a', id: 'a' },
  { reference: 'Patient?_id=a&active=true', id: undefined },
  { reference: 'Patient?_id=', id: undefined },
  { reference: 'Patient?identifier=x|1', id: undefined },
  { reference: 'Patient/', id: undefined },
  { reference: `Patient/${'a'.repeat(129)}`, id: undefined },
  { reference: undefined, id: undefined },
])('referencedId reads $id from $reference', ({ reference, id }) => {
  expect(referencedId(reference, 'Patient')).toBe(id);
});

/** Every reference to a stored patient, at any place. */
function referencesIn(node: unknown, path: string): { readonly path: string; readonly id: string }[] {
  if (typeof node !== 'object' || node === null) return [];
  const id = referencedId((node as { reference?: unknown }).reference, 'Patient');
  const ownReference = id === undefined ? [] : [{ path, id }];
  return ownReference.concat(
    Object.entries(node).flatMap(([name, value]) =>
      // Contained resources are not elements of the resource itself.
      name === 'contained' ? [] : referencesIn(value, /^\d+$/.test(name) ? path : `${path}.${name}`),
    ),
  );
}

/** These elements refer to a patient without making the resource part of the patient's record. They are not in the compartment. */
const outside = new Set([
  'Consent.provision.actor.reference',
  'List.entry.item',
  'Observation.focus',
  'Provenance.agent.who',
  'Provenance.signature.who',
  'Task.requester',
]);

testWithLines({
  title: 'patientsOf finds the patient of every published example that refers to one',
  lines: publishedLines().examples,
  run(examples) {
    let count = 0;
    const missing: string[] = [];
    for (const resource of examples.map((line) => JSON.parse(line) as Resource)) {
      const patients = patientsOf(resource);
      for (const { path, id } of referencesIn(resource, resource.resourceType)) {
        if (outside.has(path)) continue;
        count += 1;
        if (!patients.includes(id)) missing.push(`${resource.resourceType}/${resource.id}: ${path} is ${id}`);
      }
    }
    expect(missing).toEqual([]);
    expect(count).toBeGreaterThan(300);
  },
});
