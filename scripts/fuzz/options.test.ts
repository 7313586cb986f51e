import { expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

test('pnpm fuzz has defaults, with a new seed', () => {
  expect(readOptions([])).toEqual({ requests: 10_000, seed: expect.any(Number), json: false });
  expect(readOptions(['--requests', '5', '--seed', '7', '--json'])).toEqual({ requests: 5, seed: 7, json: true });
});

test.each([{ args: ['--requests', '0'] }, { args: ['--seed', 'x'] }, { args: ['--unknown'] }])(
  'pnpm fuzz rejects invalid arguments with its usage: $args',
  ({ args }) => {
    expect(() => readOptions(args)).toThrow('usage: pnpm fuzz');
  },
);
