import { describe, expect, test } from '@jest/globals';
import { createRandom } from '../../random.ts';
import { Report } from '../compare/report.ts';
import { generateSearches } from './generate-searches.ts';
import { knownSearchDifferences, type SearchFinding } from './known-search-differences.ts';

const observation = {
  resourceType: 'Observation',
  id: 'o1',
  meta: { lastUpdated: '2024-05-01T10:00:00.000Z' },
  status: 'final',
  category: [{ coding: [{ system: 'http://cat', code: 'laboratory' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: 'a|b' }] },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2024-01-15T10:00:00+10:00',
};
const offered = new Set(['_id', '_lastUpdated', 'subject', 'patient', 'code', 'category', 'status', 'date']);

function generate(seed: number, names: ReadonlySet<string> = offered) {
  const random = createRandom(seed);
  const stated = new Set(['_id', '_lastUpdated', 'subject', 'patient', 'code', 'category', 'status', 'date']);
  return generateSearches({
    type: 'Observation',
    resources: [observation],
    offered: names,
    stated,
    perKind: 9,
    random,
  });
}

test('searches are generated with every prefix of a date, and every form of a code, a patient and an id', () => {
  const texts = generate(1).singles.map(({ name, value }) => `${name}=${value}`);
  const prefixes = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'];
  const dates = ['2024', '2024-01', '2024-01-15', observation.effectiveDateTime];
  expect(texts.toSorted()).toEqual(
    [
      ...prefixes.flatMap((prefix) => dates.map((date) => `date=${prefix}${date}`)),
      ...prefixes.map((prefix) => `_lastUpdated=${prefix}${observation.meta.lastUpdated}`),
      ...['_id=o1', '_id=unknown', 'patient=p1', 'patient=Patient/p1', 'status=final'],
      ...['subject=p1', 'subject=Patient/p1'],
      ...['category=laboratory', 'category=http://cat|laboratory', 'category=|laboratory'],
      ...['code=a\\|b', 'code=http://loinc.org|a\\|b', 'code=|a\\|b'],
    ].toSorted(),
  );
});

test('searches are generated with lists of alternatives, and with two parameters', () => {
  const { combined } = generate(1);
  expect(combined.some(([first, second]) => first?.values.length === 3 && second === undefined)).toBe(true);
  expect(combined.some(({ length }) => length === 2)).toBe(true);
});

test('the same seed generates the same searches, and another seed others', () => {
  expect(generate(1)).toEqual(generate(1));
  expect(generate(2)).not.toEqual(generate(1));
});

test('searches are generated only with parameters that the server supports', () => {
  const names = generate(1, new Set(['_id', 'date'])).singles.map(({ name }) => name);
  expect([...new Set(names)].sort()).toEqual(['_id', 'date']);
});

function explain(finding: Partial<SearchFinding>): string | undefined {
  const base = {
    what: 'extra',
    type: 'Observation',
    name: 'date',
    value: '',
    resource: {},
    patientIds: new Set(['p1']),
  } as const;
  return knownSearchDifferences.find(({ explains }) => explains({ ...base, ...finding }))?.id;
}

describe('the known differences of searches', () => {
  const year = { period: { start: '2011-03-01', end: '2011-04-01' } };
  const early = { effectiveDateTime: '2024-01-15T08:00:00+10:00' };

  const written = { address: [{ text: '33 Main Street', city: 'Boston' }] };

  test.each([
    { name: 'address', value: '33', what: 'extra', resource: written, id: 'address-as-text' },
    { name: 'address', value: 'Bos', what: 'extra', resource: written, id: undefined },
    { name: 'address', value: '33', what: 'missing', resource: written, id: undefined },
    { name: 'patient', value: 'Patient/gone', what: 'extra', id: 'patient-not-on-server' },
    { name: 'patient', value: 'gone', what: 'missing', id: undefined },
    { name: 'patient', value: 'p1', what: 'extra', id: undefined },
    { name: 'date', value: 'le2011', what: 'extra', resource: year, id: 'bounds-of-ge-and-le' },
    { name: 'date', value: 'ge2011', what: 'extra', resource: year, id: 'bounds-of-ge-and-le' },
    { name: 'date', value: 'le2011-03-01', what: 'missing', resource: year, id: 'bounds-of-ge-and-le' },
    { name: 'date', value: 'le2011', what: 'missing', resource: year, id: undefined },
    { name: 'date', value: 'eq2011', what: 'missing', resource: year, id: undefined },
    { name: 'date', value: 'lt2011', what: 'extra', resource: year, id: undefined },
    { name: '_lastUpdated', value: 'le2011', what: 'extra', resource: year, id: undefined },
    { name: 'date', value: '2024-01-14', what: 'extra', resource: early, id: 'day-in-own-zone' },
    { name: 'date', value: 'ge2024-01-15', what: 'missing', resource: early, id: 'day-in-own-zone' },
    { name: 'date', value: '2024-01-14', what: 'missing', resource: early, id: undefined },
    { name: 'date', value: 'gt2024-01-15T08:00:00.5+10:00', what: 'extra', resource: early, id: 'second-as-instant' },
    { name: 'date', value: 'gt2024-01-15T08:00:01+10:00', what: 'extra', resource: early, id: undefined },
    { name: 'date', value: 'eq2024-01-15T08:00:00+10:00', what: 'missing', resource: early, id: undefined },
  ] as const)('the known differences explain $name=$value, $what, by $id', ({ id, ...finding }) => {
    expect(explain(finding)).toBe(id);
  });

  test('known differences correct the expected result of a search, and are counted separately', () => {
    const report = new Report(() => undefined);
    const resources = new Map<string, unknown>([
      ['a', year],
      ['b', {}],
    ]);
    const search = { type: 'Encounter', name: 'date', patientIds: new Set<string>(), resources } as const;
    const expected = report.search({ ...search, value: 'le2011', served: new Set(), stored: new Set(['a']) });
    expect([...expected]).toEqual(['a']);
    expect(report.isClean).toBe(true);
    const unexplained = report.search({ ...search, value: '2011', served: new Set(['a']), stored: new Set(['b']) });
    expect([...unexplained]).toEqual(['a']);
    report.combinedSearch({ type: 'Encounter', query: 'date=2011', expected: new Set(), stored: new Set() });
    expect(report.searches).toEqual({ compared: 3, found: 2, explained: 1, different: 1 });
    expect(report.tally.different).toBe(1);
  });
});
