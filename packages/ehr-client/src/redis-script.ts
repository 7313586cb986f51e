import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface RedisScriptCall {
  readonly redis: Redis;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/**
 * A script that is called by its hash: Redis neither receives nor hashes its text at each call, which took as long as a small
 * script itself. A server that does not know it (a restart, SCRIPT FLUSH) is told it once.
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
