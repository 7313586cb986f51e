import { describe, expect, test } from '@jest/globals';
import type { Scope } from './known-differences.ts';
import { parseWithNumberTexts } from './number-texts.ts';
import { Report } from './report.ts';

const resources = (...texts: readonly string[]) =>
  new Map(texts.map((text) => parseWithNumberTexts(text) as { id: string }).map((resource) => [resource.id, resource]));

function compare(options: {
  readonly type?: string;
  readonly served: readonly string[];
  readonly stored: readonly string[];
  readonly scope?: Scope;
}) {
  const messages: string[] = [];
  const report = new Report((text) => messages.push(text));
  const { type = 'Observation', served, stored, scope = {} } = options;
  report.resources({ type, served: resources(...served), stored: resources(...stored), scope });
  return { report, said: messages };
}

test('the comparison finds no difference between equal resources, in any order of their members', () => {
  const { report, said } = compare({
    served: ['{"id":"a","value":1.50,"list":[1,{"b":true}]}'],
    stored: ['{"list":[1,{"b":true}],"value":1.50,"id":"a"}'],
  });
  expect(report.tally).toEqual({ compared: 1, different: 0, missing: 0, extra: 0 });
  expect(report.isClean).toBe(true);
  expect(said).toEqual([]);
});

test.each([
  { title: 'a number with other digits of the same value', stored: '{"id":"a","value":1.5,"list":["x","y"]}' },
  { title: 'a number that became a string', stored: '{"id":"a","value":"1.50","list":["x","y"]}' },
  { title: 'a missing member', stored: '{"id":"a","list":["x","y"]}' },
  { title: 'a member too many', stored: '{"id":"a","value":1.50,"list":["x","y"],"more":null}' },
  { title: 'another order of a list', stored: '{"id":"a","value":1.50,"list":["y","x"]}' },
  { title: 'an object instead of a list', stored: '{"id":"a","value":1.50,"list":{"0":"x","1":"y"}}' },
])('the comparison counts $title as a difference', ({ stored }) => {
  const { report, said } = compare({ served: ['{"id":"a","value":1.50,"list":["x","y"]}'], stored: [stored] });
  expect(report.tally).toEqual({ compared: 1, different: 1, missing: 0, extra: 0 });
  expect(report.isClean).toBe(false);
  expect(said).toHaveLength(1);
});

test('the comparison counts resources of one side only', () => {
  const { report } = compare({ served: ['{"id":"a"}', '{"id":"b"}'], stored: ['{"id":"b"}', '{"id":"c"}'] });
  expect(report.tally).toEqual({ compared: 3, different: 0, missing: 1, extra: 1 });
});

test('the comparison counts a fact that is not as expected as a difference', () => {
  const report = new Report(() => undefined);
  report.fact({ what: 'the status', expected: ['a'], actual: ['a'] });
  report.fact({ what: 'the status', expected: ['a'], actual: [] });
  expect(report.tally).toEqual({ compared: 2, different: 1, missing: 0, extra: 0 });
});

describe('a known difference of the comparison', () => {
  const scope = { level: 'Group', referredTo: new Set(['Practitioner/b', 'Condition/a']) } as const;

  test('a known difference is counted separately, with its reason', () => {
    const { report } = compare({ type: 'Practitioner', served: ['{"id":"a"}'], stored: [], scope });
    expect(report.tally).toEqual({ compared: 1, different: 0, missing: 0, extra: 0 });
    expect([...report.known].map(([{ id }, count]) => [id, count])).toEqual([['not-referred-to', 1]]);
  });

  test('a known difference does not explain the same finding in another resource', () => {
    const served = ['{"id":"a"}'];
    const missing = (type: string, scope: Scope) => compare({ type, served, stored: [], scope }).report.tally.missing;
    expect(missing('Practitioner', { ...scope, level: 'System' })).toBe(1);
    expect(missing('Practitioner', {})).toBe(1);
    expect(missing('Condition', scope)).toBe(1);
    expect(compare({ type: 'Practitioner', served: ['{"id":"b"}'], stored: [], scope }).report.tally.missing).toBe(1);
  });

  test('a known difference explains only deletions that the server did not report', () => {
    const scope = { deletedUnseen: new Set(['Observation/a']) };
    expect(compare({ served: [], stored: ['{"id":"a"}'], scope }).report.tally.extra).toBe(0);
    expect(compare({ served: [], stored: ['{"id":"b"}'], scope }).report.tally.extra).toBe(1);
  });
});
