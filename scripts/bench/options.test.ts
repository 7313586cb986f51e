import { expect, test } from '@jest/globals';
import type { Bench } from './bench.ts';
import { readOptions } from './options.ts';

const benches: Bench[] = ['parse', 'store'].map((name) => ({ name, about: name, minutes: 1, run: async () => [] }));
const read = (...args: string[]) => readOptions(args, benches);

test('pnpm bench runs all benches by default, or the named ones in their fixed order', () => {
  expect(read().benches).toEqual(benches);
  expect(read('store', '--json')).toMatchObject({ benches: [benches[1]], json: true, check: false, runs: 5 });
});

test('pnpm bench rejects unknown arguments with its usage', () => {
  expect(() => read('stroe')).toThrow(/no bench stroe[\s\S]*usage: pnpm bench/);
  expect(() => read('--rnus', '3')).toThrow(/usage: pnpm bench/);
  expect(() => read('--runs', '0')).toThrow(/--runs must be a whole number/);
  expect(() => read('--resources', '1.5')).toThrow(/--resources must be a whole number/);
});
