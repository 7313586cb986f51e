import { expect, test } from '@jest/globals';
import { searchset } from './write-bundle.ts';

const self = 'https://bulkhead.example/fhir/Observation?code=%22';
const entry = (id: string, resource: string) => ({ fullUrl: `https://ehr.example/Observation/${id}`, resource });

test('a Bundle of matches contains its own URL, the next page, the total and the entries', () => {
  const next = `${self}&_cursor=b`;
  const entries = [entry('a"', '{"id":"a"}'), entry('b', '{"id":"b"}')];
  expect(JSON.parse(searchset({ self, next, total: 7, entries }))).toEqual({
    resourceType: 'Bundle',
    type: 'searchset',
    total: 7,
    link: [
      { relation: 'self', url: self },
      { relation: 'next', url: next },
    ],
    entry: [
      { fullUrl: 'https://ehr.example/Observation/a"', resource: { id: 'a' }, search: { mode: 'match' } },
      { fullUrl: 'https://ehr.example/Observation/b', resource: { id: 'b' }, search: { mode: 'match' } },
    ],
  });
});

test('a Bundle without matches has no list of entries, and omits an unknown total and next page', () => {
  expect(JSON.parse(searchset({ self, entries: [] }))).toEqual({
    resourceType: 'Bundle',
    type: 'searchset',
    link: [{ relation: 'self', url: self }],
  });
  expect(JSON.parse(searchset({ self, total: 0, entries: [] }))).toHaveProperty('total', 0);
});

test('a Bundle of matches contains the unchanged text of each resource', () => {
  const resource = '{ "id":"a","value":1.50,"big":12345678901234567890 }';
  expect(searchset({ self, entries: [entry('a', resource)] })).toContain(`"resource":${resource},`);
});
