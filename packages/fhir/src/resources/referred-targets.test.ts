import { expect, test } from '@jest/globals';
import { referredTargets } from './referred-targets.ts';

const endpoint = 'https://ehr.example/fhir';
const targetsOf = (resource: object) =>
  referredTargets({ resourceType: 'Encounter', id: 'e1', ...resource }, [endpoint]).map(
    ({ type, id }) => `${type}/${id}`,
  );

test('referredTargets finds references in every element, each once, also versioned ones and those with the URL of the server', () => {
  const encounter = {
    participant: [
      { individual: { reference: 'Practitioner/p1' } },
      { individual: { reference: 'Practitioner/p1/_history/2' } },
      { individual: { reference: 'Practitioner%2Fp1#part' } },
      { individual: { reference: `${endpoint}/PractitionerRole/r1` } },
    ],
    location: [{ location: { reference: 'Location/l1' } }],
    serviceProvider: { reference: 'Organization/o1' },
    extension: [{ url: 'x', extension: [{ url: 'y', valueReference: { reference: 'Organization/o2' } }] }],
    contained: [{ resourceType: 'MedicationRequest', id: 'c', medicationReference: { reference: 'Medication/m1' } }],
    subject: { reference: 'Patient/a' },
  };
  expect(targetsOf(encounter)).toEqual([
    'Practitioner/p1',
    'PractitionerRole/r1',
    'Location/l1',
    'Organization/o1',
    'Organization/o2',
    'Medication/m1',
  ]);
});

test.each([
  { what: 'a contained resource', reference: '#p1' },
  { what: 'another server', reference: 'https://other.example/fhir/Practitioner/p1' },
  { what: 'a server whose URL only begins in the same way', reference: `${endpoint}-other/Practitioner/p1` },
  { what: 'a search', reference: 'Practitioner?identifier=x|1' },
  { what: 'a UUID', reference: 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0' },
  { what: 'an id that is not valid', reference: 'Practitioner/a b' },
  { what: 'an id with a path', reference: 'Practitioner/../Patient/1' },
  { what: 'an id that leads to another place', reference: 'Practitioner/..' },
  { what: 'another type', reference: 'Device/d1' },
  { what: 'a number', reference: 7 },
  { what: 'an object', reference: { reference: 7 } },
])('referredTargets leaves out a reference to $what', ({ reference }) => {
  expect(targetsOf({ participant: [{ individual: { reference } }] })).toEqual([]);
});

test('referredTargets leaves out logical references, and results that no report refers to as its result', () => {
  expect(targetsOf({ participant: [{ individual: { identifier: { value: '1' } } }] })).toEqual([]);
  expect(targetsOf({ result: [{ reference: 'Observation/1' }] })).toEqual([]);
  const report = {
    resourceType: 'DiagnosticReport',
    result: [{ reference: 'Observation/1' }],
    media: [{ link: { reference: 'Observation/2' } }],
  };
  expect(targetsOf(report)).toEqual(['Observation/1']);
  const panel = { resourceType: 'Observation', hasMember: [{ reference: 'Observation/3' }] };
  expect(targetsOf({ ...panel, derivedFrom: [{ reference: 'Observation/4' }] })).toEqual(['Observation/3']);
});
