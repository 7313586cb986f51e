import { expect, test } from '@jest/globals';
import { describeResource, type FhirResource, labelsOf } from './describe-resource.ts';

const base = { resourceType: 'Any', id: '1' };

test.each<{ resource: Partial<FhirResource>; text: string }>([
  { resource: { name: [{ given: ['Ann', 'B.'], family: 'Cole' }] }, text: 'Ann B. Cole' },
  { resource: { name: [{ text: 'Dr. Ann Cole', family: 'Cole' }] }, text: 'Dr. Ann Cole' },
  { resource: { name: 'Clinic' }, text: 'Clinic' },
  { resource: { title: 'Plan' }, text: 'Plan' },
  { resource: { code: { text: 'Glucose', coding: [{ display: 'no' }] } }, text: 'Glucose' },
  { resource: { code: { coding: [{ code: '2339-0' }] } }, text: '2339-0' },
  { resource: { vaccineCode: { coding: [{ display: 'Influenza' }] } }, text: 'Influenza' },
  { resource: { medicationCodeableConcept: { text: 'Aspirin' } }, text: 'Aspirin' },
  { resource: { type: [{ text: 'Office visit' }] }, text: 'Office visit' },
  { resource: {}, text: '' },
])('describeResource returns "$text"', ({ resource, text }) => {
  expect(describeResource({ ...base, ...resource })).toBe(text);
});

test('the labels of a resource are shown by their names, else by their codes, and malformed ones are left out', () => {
  const security = [{ code: 'R', display: 'restricted' }, { code: 'ETH' }, null, { code: 7 }, 'V'];
  expect(labelsOf({ security })).toEqual(['restricted', 'ETH']);
  expect(labelsOf({ security: [{ code: 'N', display: 'normal' }] })).toEqual([]);
  expect([labelsOf(undefined), labelsOf({}), labelsOf({ security: 'R' })]).toEqual([[], [], []]);
});
