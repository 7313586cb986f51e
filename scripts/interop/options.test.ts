import { expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

test('pnpm interop loads all data by default', () => {
  expect(readOptions([])).toEqual({ json: false, part: {}, searches: { perKind: 1, seed: 1 } });
  const args = [
    '--json',
    '--patients',
    '3',
    '--types',
    'Observation, Condition',
    '--per-type',
    '50',
    '--searches',
    '2',
    '--seed',
    '7',
  ];
  const part = { patients: 3, types: ['Observation', 'Condition'], perType: 50 };
  expect(readOptions(args)).toEqual({ json: true, part, searches: { perKind: 2, seed: 7 } });
});

test.each([
  { args: ['--patients', '0'] },
  { args: ['--per-type', 'x'] },
  { args: ['--seed', '0'] },
  { args: ['--unknown'] },
])('pnpm interop rejects invalid arguments with its usage: $args', ({ args }) => {
  expect(() => readOptions(args)).toThrow('usage: pnpm interop');
});
