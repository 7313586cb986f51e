import { maxListedPatients } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import { patientsShown } from './audit-document.ts';

const group = (count: number) => ({
  resourceType: 'Group',
  id: 'g1',
  member: Array.from({ length: count }, (_, n) => ({ entity: { reference: `Patient/p${n}` } })),
});

test('patientsShown lists every patient of a resource up to the limit, and returns `*` above it', () => {
  expect(patientsShown(group(3))).toEqual(['p0', 'p1', 'p2']);
  expect(patientsShown(group(maxListedPatients - 1))).toHaveLength(maxListedPatients - 1);
  expect(patientsShown(group(maxListedPatients + 1))).toEqual(['*']);
});

test('patientsShown returns `*` for a patient without an id, and an empty list for a resource without a patient', () => {
  const observation = { resourceType: 'Observation', id: 'o1' };
  expect(patientsShown({ ...observation, subject: { identifier: { value: '1' } } })).toEqual(['*']);
  expect(patientsShown({ resourceType: 'Coverage', id: 'c1', patient: { display: 'x' } })).toEqual(['*']);
  expect(patientsShown(observation)).toEqual([]);
});
