import { describe, expect, test } from '@jest/globals';
import { searchset } from './search-bundle.ts';

const self = 'https://bulkhead.example/fhir/Observation?code=%22';
const entry = (id: string, resource: string) => ({ fullUrl: `https://ehr.example/Observation/${id}`, resource });

describe('a Bundle of matches', () => {
  test('has its own address, the next page, the total and the entries', () => {
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

  test('has no list of entries if there are none, and neither total nor next page if these are not known', () => {
    expect(JSON.parse(searchset({ self, entries: [] }))).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      link: [{ relation: 'self', url: self }],
    });
    expect(JSON.parse(searchset({ self, total: 0, entries: [] }))).toHaveProperty('total', 0);
  });

  test('has the text of each resource as it is', () => {
    const resource = '{ "id":"a","value":1.50,"big":12345678901234567890 }';
    expect(searchset({ self, entries: [entry('a', resource)] })).toContain(`"resource":${resource},`);
  });
});
