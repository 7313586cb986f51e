import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { EnvError, parseEnv } from './parse-env.ts';

const schema = z.object({ PORT: z.coerce.number().int().max(65_535).default(3000), REDIS_URL: z.url() });

test('parseEnv converts values and applies defaults', () => {
  expect(parseEnv(schema, { PORT: '8080', REDIS_URL: 'redis://localhost' })).toEqual({
    PORT: 8080,
    REDIS_URL: 'redis://localhost',
  });
});

test('parseEnv treats an empty variable as missing', () => {
  expect(parseEnv(schema, { PORT: '', REDIS_URL: 'redis://localhost' }).PORT).toBe(3000);
});

test('parseEnv lists every fault in one error', () => {
  const parse = () => parseEnv(schema, { PORT: 'eighty' });
  expect(parse).toThrow(EnvError);
  expect(parse).toThrow(/PORT.*\n.*REDIS_URL/);
});

test('parseEnv says in plain words what each variable must be', () => {
  const read = (env: Record<string, string>) => () => parseEnv(schema, env);
  expect(read({ PORT: 'eighty', REDIS_URL: 'localhost' })).toThrow(
    expect.objectContaining({ faults: ['PORT: must be a number', 'REDIS_URL: must be a URL'] }),
  );
  expect(read({ PORT: '70000' })).toThrow(
    expect.objectContaining({ faults: ['PORT: must be at most 65535', 'REDIS_URL: is required'] }),
  );
});

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-env-'));
const file = join(folder, 'redis-url');
writeFileSync(file, 'redis://localhost\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('parseEnv reads a variable from the file that NAME_FILE names, without the final line break', () => {
  expect(parseEnv(schema, { REDIS_URL_FILE: file }).REDIS_URL).toBe('redis://localhost');
});

test('parseEnv rejects a variable that is set together with its file', () => {
  const parse = () => parseEnv(schema, { REDIS_URL: 'redis://localhost', REDIS_URL_FILE: file });
  expect(parse).toThrow('REDIS_URL: is set, and REDIS_URL_FILE is set too. Set one of them.');
});

test('parseEnv rejects a file that cannot be read, without showing its path', () => {
  const parse = () => parseEnv(schema, { REDIS_URL_FILE: join(folder, 'missing'), PORT: 'eighty' });
  expect(parse).toThrow(/REDIS_URL: the file that REDIS_URL_FILE names cannot be read \(ENOENT\)\n.*PORT/);
  expect(parse).not.toThrow(folder);
});

test('parseEnv reads no file for a variable that the schema does not have', () => {
  expect(parseEnv(schema, { REDIS_URL: 'redis://localhost', OTHER_FILE: join(folder, 'missing') }).PORT).toBe(3000);
});
