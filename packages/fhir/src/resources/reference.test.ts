import { expect, test } from '@jest/globals';
import { baseUrlsOf, readReference, referencesTo } from './reference.ts';

const baseUrls = baseUrlsOf('https://EHR.example/fhir/r4/', ['http://ehr.example', 'http://internal:8080']);
const target = { type: 'Practitioner', id: 'd1' };

test.each([
  'Practitioner/d1',
  '/Practitioner/d1',
  'Practitioner/d1/_history/2',
  'Practitioner/d1#part',
  'Practitioner%2Fd1',
  'Practitioner?_id=d1',
  'https://ehr.example/fhir/r4/Practitioner/d1',
  'https://EHR.example:443/fhir/r4/Practitioner/d1/_history/2',
  'http://ehr.example/fhir/r4/Practitioner/d1',
  'http://internal:8080/fhir/r4/Practitioner?_id=d1',
])('readReference reads %s by every name of the server', (reference) => {
  expect(readReference(reference, baseUrls)).toEqual(target);
});

test.each([
  'https://other.example/fhir/r4/Practitioner/d1',
  'https://ehr.example/fhir/stu3/Practitioner/d1',
  'https://ehr.example.evil.example/fhir/r4/Practitioner/d1',
  'https://ehr.example@evil.example/fhir/r4/Practitioner/d1',
  'https://ehr.example:8443/fhir/r4/Practitioner/d1',
  'fhir/Practitioner/d1',
])('readReference knows no resource at another server: %s', (reference) => {
  expect(readReference(reference, baseUrls)).toBeUndefined();
  expect(readReference(reference)).toEqual(target);
});

test.each([
  'Practitioner/..',
  'Practitioner/.',
  'Practitioner/%2E%2E',
  'https://ehr.example/fhir/r4/Practitioner/..',
  'Practitioner?_id=..',
  'Practitioner/../Patient/..',
  '#Practitioner/d1',
  'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0',
  'Unknown/d1',
  'Practitioner',
  undefined,
])('readReference finds no resource in %s', (reference) => {
  expect(readReference(reference, baseUrls)).toBeUndefined();
  expect(readReference(reference)).toBeUndefined();
});

test('every text of referencesTo is a reference to the resource', () => {
  const references = referencesTo(target, baseUrls);
  expect(references).toHaveLength(5);
  for (const reference of references) expect(readReference(reference, baseUrls)).toEqual(target);
});
