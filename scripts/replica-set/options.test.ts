import { expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

test('pnpm replica-set loses the primary of three members ten times by default', () => {
  expect(readOptions([])).toMatchObject({ losses: 10, patients: 100, members: 3 });
});

test.each([
  { args: ['--members', '2'], message: '--members must not be 2' },
  { args: ['--members', '8'], message: '--members must be a whole number from 1 to 7' },
  { args: ['--losses', '0'], message: '--losses must be' },
  { args: ['--patients', 'all'], message: '--patients must be' },
  { args: ['--once'], message: 'usage: pnpm replica-set' },
])('pnpm replica-set rejects the arguments $args', ({ args, message }) => {
  expect(() => readOptions(args)).toThrow(message);
});
