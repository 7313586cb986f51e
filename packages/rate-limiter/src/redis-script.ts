import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface RedisScriptCall {
  readonly redis: Redis;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * A Lua script that is called by its hash (EVALSHA). Sending and hashing the text at each call took as long as a small script
 * itself. The text is sent once to a server that does not know it (after a restart or SCRIPT FLUSH).
 */
export function createRedisScript(source: string): (call: RedisScriptCall) => Promise<unknown> {
  const sha = createHash('sha1').update(source).digest('hex');
  return async ({ redis, keys, args }) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(source, keys.length, ...keys, ...args);
    }
  };
}
