import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { EnvError, parseEnv } from './parse-env.ts';

const schema = z.object({ PORT: z.coerce.number().int().max(65_535).default(3000), REDIS_URL: z.url() });

describe('parseEnv', () => {
  test('reads, converts and defaults', () => {
    expect(parseEnv(schema, { PORT: '8080', REDIS_URL: 'redis://localhost' })).toEqual({
      PORT: 8080,
      REDIS_URL: 'redis://localhost',
    });
  });

  test('an empty variable is an absent one', () => {
    expect(parseEnv(schema, { PORT: '', REDIS_URL: 'redis://localhost' }).PORT).toBe(3000);
  });

  test('lists every fault in one error', () => {
    const parse = () => parseEnv(schema, { PORT: 'eighty' });
    expect(parse).toThrow(EnvError);
    expect(parse).toThrow(/PORT.*\n.*REDIS_URL/);
  });
});

describe('a variable in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-env-'));
  const file = join(folder, 'redis-url');
  writeFileSync(file, 'redis://localhost\n');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is read from the file that NAME_FILE names, without the line break at its end', () => {
    expect(parseEnv(schema, { REDIS_URL_FILE: file }).REDIS_URL).toBe('redis://localhost');
  });

  test('is a fault if the variable is set as well', () => {
    const parse = () => parseEnv(schema, { REDIS_URL: 'redis://localhost', REDIS_URL_FILE: file });
    expect(parse).toThrow('REDIS_URL: is set, and REDIS_URL_FILE is set too. Set one of them.');
  });

  test('is a fault if the file cannot be read, and the message has no path', () => {
    const parse = () => parseEnv(schema, { REDIS_URL_FILE: join(folder, 'missing'), PORT: 'eighty' });
    expect(parse).toThrow(/REDIS_URL: the file that REDIS_URL_FILE names cannot be read \(ENOENT\)\n.*PORT/);
    expect(parse).not.toThrow(folder);
  });

  test('of a name that the schema does not have is not read', () => {
    expect(parseEnv(schema, { REDIS_URL: 'redis://localhost', OTHER_FILE: join(folder, 'missing') }).PORT).toBe(3000);
  });
});
