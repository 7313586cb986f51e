import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baseUrlsOf, readReference, referencePattern, referencesTo } from './reference.ts';

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

test('referencePattern matches the texts that readReference reads as the target, and no others', () => {
  const id = fc.constantFrom('d1', 'd.1', 'dx1', 'd1-');
  const text = fc
    .record({
      base: fc.constantFrom('', '/', 'https://ehr.example/fhir/r4/', 'http://x/Patient/p1/', 'x', '?a=1/', '#a/'),
      type: fc.constantFrom('Practitioner', 'Patient', 'practitioner', 'PractitionerRole'),
      id,
      link: fc.constantFrom('/', '?_id=', '?id=', '//'),
      end: fc.constantFrom(
        '',
        '/_history/2',
        '/_history/',
        '/_history',
        '/_history/2/3',
        '#part',
        '#a/b',
        '?a=1',
        '/x',
      ),
    })
    .map(({ base, type, id: stated, link, end }) => `${base}${type}${link}${stated}${end}`);
  fc.assert(
    fc.property(text, id, (reference, wanted) => {
      const named = readReference(reference);
      const pattern = new RegExp(
        referencePattern([
          { type: 'Location', id: 'l1' },
          { type: 'Practitioner', id: wanted },
        ]),
      );
      expect([reference, pattern.test(reference)]).toEqual([
        reference,
        named?.type === 'Practitioner' && named.id === wanted,
      ]);
    }),
    { numRuns: 3000 },
  );
});
