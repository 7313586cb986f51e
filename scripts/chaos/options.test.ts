import { expect, test } from '@jest/globals';
import { chaosKinds } from './actions/chaos-kinds.ts';
import { readOptions } from './options.ts';

test('pnpm chaos runs every kind of fault with a new seed by default', () => {
  const options = readOptions([]);
  expect(options).toMatchObject({ rounds: 20, json: false, outageSeconds: 120, patients: 100, kinds: chaosKinds });
  expect(Number.isInteger(options.seed)).toBe(true);
});

test('pnpm chaos reads its options', () => {
  const args = ['--rounds', '3', '--seed', '7', '--json', '--outage-seconds', '2', '--kinds', 'kill-api, flush-redis'];
  expect(readOptions([...args, '--patients', '9'])).toEqual({
    rounds: 3,
    seed: 7,
    json: true,
    outageSeconds: 2,
    kinds: ['kill-api', 'flush-redis'],
    patients: 9,
  });
});

test.each([
  { args: ['--rounds', 'many'], message: '--rounds must be a whole number' },
  { args: ['--seed=-1'], message: '--seed must be' },
  { args: ['--patients', ''], message: '--patients must be' },
  { args: ['--kinds', 'kill-everybody'], message: 'there is no kill-everybody' },
  { args: ['--twice'], message: 'usage: pnpm chaos' },
])('pnpm chaos rejects the arguments $args', ({ args, message }) => {
  expect(() => readOptions(args)).toThrow(message);
});
