import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSearchBundle } from './search-bundle.ts';

const bundle = (change: object) => ({ resourceType: 'Bundle', type: 'searchset', ...change });
const patient = { resourceType: 'Patient', id: 'p' };
const next = (url: unknown) => ({ link: [{ relation: 'self' }, { relation: 'next', url }] });

test('readSearchBundle reads matches, includes, issues, the next page and the total', () => {
  const issue = [{ severity: 'warning', code: 'incomplete' }];
  const value = bundle({
    total: 7,
    entry: [
      { resource: patient },
      { resource: { resourceType: 'Organization', id: 'o' }, search: { mode: 'include' } },
      { resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } },
      { fullUrl: 'urn:uuid:1' },
    ],
    ...next('https://ehr.example/Patient?page=2'),
  });
  expect(readSearchBundle(value)).toEqual({
    page: {
      entries: [
        { index: 0, content: patient, hasResource: true, isMatch: true },
        { index: 1, content: { resourceType: 'Organization', id: 'o' }, hasResource: true, isMatch: false },
        { index: 3, content: { fullUrl: 'urn:uuid:1' }, hasResource: false, isMatch: true },
      ],
      issues: [expect.objectContaining({ severity: 'warning', code: 'incomplete' })],
      nextUrl: 'https://ehr.example/Patient?page=2',
      total: 7,
    },
  });
});

test('readSearchBundle reads a Bundle without entries, links and total as an empty page', () => {
  const empty = { page: { entries: [], issues: [] } };
  expect(readSearchBundle(bundle({}))).toEqual(empty);
  expect(readSearchBundle({ resourceType: 'Bundle' })).toEqual(empty);
  expect(readSearchBundle(bundle({ entry: [], link: [], total: null }))).toEqual(empty);
});

test.each([
  { value: null, fault: 'it is not a Bundle' },
  { value: [bundle({})], fault: 'it is not a Bundle' },
  { value: patient, fault: 'it is not a Bundle' },
  { value: bundle({ type: 'batch-response' }), fault: '`type` is not "searchset"' },
  { value: bundle({ type: null }), fault: '`type` is not "searchset"' },
  { value: bundle({ entry: null }), fault: '`entry` is not an array' },
  { value: bundle({ entry: { resource: patient } }), fault: '`entry` is not an array' },
  { value: bundle({ entry: [null] }), fault: 'an element of `entry` is not an object' },
  { value: bundle({ entry: [{ resource: patient }, 'Patient/p'] }), fault: 'an element of `entry` is not an object' },
  { value: bundle({ link: null }), fault: '`link` is not an array' },
  { value: bundle({ link: { relation: 'next', url: 'x' } }), fault: '`link` is not an array' },
  { value: bundle({ link: ['next'] }), fault: 'an element of `link` is not an object' },
  { value: bundle(next(undefined)), fault: '`link` has a "next" without a URL' },
  { value: bundle(next(null)), fault: '`link` has a "next" without a URL' },
  { value: bundle(next(' ')), fault: '`link` has a "next" without a URL' },
  { value: bundle(next({ href: 'x' })), fault: '`link` has a "next" without a URL' },
])('readSearchBundle reports the fault of $value', ({ value, fault }) => {
  expect(readSearchBundle(value)).toEqual({ fault });
});

test('readSearchBundle never throws for any JSON in any member', () => {
  const member = fc.constantFrom('type', 'entry', 'link', 'total');
  fc.assert(
    fc.property(fc.dictionary(member, fc.jsonValue()), (members) => {
      expect(Object.keys(readSearchBundle(bundle(members)))).toHaveLength(1);
    }),
  );
});
