import { expect, test } from '@jest/globals';
import type { BenchRow } from '../bench.ts';
import { formatRows } from './format-rows.ts';

test('a row shows its value, floor, ratio and goal, and whether the goal is met', () => {
  const met: BenchRow = {
    name: 'store',
    value: 9500.4,
    floor: 10_000,
    ratio: 0.95,
    unit: 'resources/s',
    goal: { of: 'ratio', atLeast: 0.9 },
    runs: [{ value: 9000 }, { value: 9500.4 }],
  };
  const missed: BenchRow = {
    name: 'memory',
    value: 210,
    unit: 'MB',
    goal: { of: 'value', atMost: 200 },
    runs: [{ value: 210 }],
  };
  const row: BenchRow = { name: 'cores', value: 1.5, unit: 'of 2', goal: { of: 'value' }, runs: [] };
  const cells = formatRows([met, missed, row])
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(cells.slice(2)).toEqual([
    ['', 'store', '9,500', '10,000', '0.95', 'resources/s', '≥ 0.9 ×', 'yes', '9,000 … 9,500', ''],
    ['', 'memory', '210', '', '', 'MB', '≤ 200', 'no', '', ''],
    ['', 'cores', '1.5', '', '', 'of 2', '', '', '', ''],
  ]);
});
