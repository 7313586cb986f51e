import { expect, test } from '@jest/globals';
import type { BenchRow } from '../bench.ts';
import { judgeBaseline } from './judge-baseline.ts';

const row = (name: string, ratio?: number): BenchRow => ({
  ...{ name, value: 1, unit: 'x', goal: { of: 'ratio' }, runs: [] },
  ...(ratio === undefined ? {} : { ratio }),
});

test('a ratio that fell to a third is lost, one that fell to a half is noise', () => {
  const baseline = { store: 0.9, parse: 0.3 };
  expect(judgeBaseline({ rows: [row('store', 0.3), row('parse', 0.15)], baseline })).toEqual([
    'store: 0.30 of its floor, in the baseline 0.90',
  ]);
});

test('what the baseline does not know, and what has no floor, is not judged', () => {
  expect(judgeBaseline({ rows: [row('new', 0), row('store')], baseline: { store: 0.9 } })).toEqual([]);
});

test('a ratio that could not be measured is lost', () => {
  expect(judgeBaseline({ rows: [row('store', Number.NaN)], baseline: { store: 0.9 } })).toHaveLength(1);
});
