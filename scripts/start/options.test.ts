import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

const cwd = mkdtempSync(join(tmpdir(), 'bulkhead-options-'));
const emptyFolder = mkdtempSync(join(tmpdir(), 'bulkhead-options-'));
afterAll(() => {
  for (const folder of [cwd, emptyFolder]) rmSync(folder, { recursive: true });
});

test('options have defaults, and paths are resolved against the working directory of the user', () => {
  expect(readOptions([], cwd)).toEqual({
    once: false,
    dev: false,
    patients: 200,
    dataDir: undefined,
    port: 3000,
    newKey: false,
  });
  writeFileSync(join(cwd, 'Patient.ndjson'), '');
  const options = readOptions(
    ['--once', '--data', '.', '--port', '8081', '--patients', '5', '--folder', 'kept', '--new-key'],
    cwd,
  );
  expect(options).toEqual({
    once: true,
    dev: false,
    patients: 5,
    dataDir: cwd,
    port: 8081,
    folder: join(cwd, 'kept'),
    newKey: true,
  });
});

test.each([
  { args: ['--patients', 'many'], message: '--patients must be a whole number' },
  { args: ['--port', '70000'], message: '--port must be' },
  { args: ['--data', 'nowhere'], message: 'there is no folder' },
  { args: ['--data', emptyFolder], message: 'holds no Type.ndjson' },
  { args: ['--twice'], message: 'usage: npm start' },
])('npm start rejects the arguments $args', ({ args, message }) => {
  expect(() => readOptions(args, cwd)).toThrow(message);
});
