import { describe, expect, test } from '@jest/globals';
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
