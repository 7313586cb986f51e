import { expect, test } from '@jest/globals';
import { r4ResourceTypes, whyNotResourceType } from './resource.ts';

test.each([
  { name: 'Observatoin', meant: 'Observation' },
  { name: 'patient', meant: 'Patient' },
  { name: 'MedicationRequests', meant: 'MedicationRequest' },
  { name: 'Diagnosticreport', meant: 'DiagnosticReport' },
])('the fault of the type $name asks for $meant', ({ name, meant }) => {
  expect(whyNotResourceType(name)).toBe(`"${name}" is not a FHIR R4 resource type. Did you mean ${meant}?`);
});

test.each(['', 'x', 'Foo', 'Blood pressure', 'a'.repeat(10_000)])('no type is suggested for %p', (name) => {
  expect(whyNotResourceType(name)).toBe(`${JSON.stringify(name.slice(0, 60))} is not a FHIR R4 resource type`);
});

test('every type with a letter too few is recognised, unless that is another type', () => {
  const others = new Set<string>(r4ResourceTypes);
  const shortened = r4ResourceTypes.map((type) => [type, type.slice(0, -1)] as const);
  const missed = shortened.filter(([type, text]) => !others.has(text) && !whyNotResourceType(text).includes(type));
  // A shorter name would need a third of its letters to be right.
  expect(missed.map(([type]) => type)).toEqual([]);
});
