import { expect, test } from '@jest/globals';
import { modules } from './modules.ts';
import { readOptions } from './options.ts';

test('pnpm mutation tries every module, or one by its name', () => {
  expect(readOptions([])).toEqual({ modules, file: '', json: false });
  const { modules: chosen, ...rest } = readOptions(['--module', 'fhir', '--file', 'manifest', '--json']);
  expect(chosen.map(({ name }) => name)).toEqual(['fhir']);
  expect(rest).toEqual({ file: 'manifest', json: true });
});

test.each([{ args: ['--module', 'none'] }, { args: ['--unknown'] }])(
  'pnpm mutation rejects invalid arguments with its usage: $args',
  ({ args }) => {
    expect(() => readOptions(args)).toThrow('usage: pnpm mutation');
  },
);
