import { expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

test('pnpm protocol-fuzz runs 100 rounds with a new seed by default', () => {
  expect(readOptions([])).toEqual({ rounds: 100, seed: expect.any(Number), json: false });
  expect(readOptions(['--rounds', '5', '--seed', '7', '--kind', 'history', '--json'])).toEqual({
    rounds: 5,
    seed: 7,
    kind: 'history',
    json: true,
  });
});

test.each([{ args: ['--rounds', '0'] }, { args: ['--seed', 'x'] }, { args: ['--kind', 'x'] }, { args: ['--unknown'] }])(
  'pnpm protocol-fuzz rejects invalid options with its usage: $args',
  ({ args }) => {
    expect(() => readOptions(args)).toThrow('usage: pnpm protocol-fuzz');
  },
);
