import { expect, test } from '@jest/globals';
import type { BenchRow } from '../bench.ts';
import { verifyBaseline } from './verify-baseline.ts';

const row = (name: string, ratio?: number): BenchRow => ({
  name,
  value: 1,
  unit: 'x',
  goal: { of: 'ratio' },
  runs: [],
  ...(ratio === undefined ? {} : { ratio }),
});

test('a ratio that fell to a third is lost, and one that fell to a half counts as noise', () => {
  const baseline = { store: 0.9, parse: 0.3 };
  expect(verifyBaseline([row('store', 0.3), row('parse', 0.15)], baseline)).toEqual([
    'store: 0.30 of its floor, in the baseline 0.90',
  ]);
});

test('a row that is not in the baseline or has no floor is not compared', () => {
  expect(verifyBaseline([row('new', 0), row('store')], { store: 0.9 })).toEqual([]);
});

test('a ratio that could not be measured is lost', () => {
  expect(verifyBaseline([row('store', Number.NaN)], { store: 0.9 })).toHaveLength(1);
});
