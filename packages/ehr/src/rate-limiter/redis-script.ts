import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { requestPriorities } from './budget.ts';

/**
 * A Lua script that is called by its hash (EVALSHA). Sending and hashing the text at each call took as long as a small script
 * itself. The text is sent once to a server that does not know it (after a restart or SCRIPT FLUSH).
 */
export function createRedisScript(source: string) {
  const sha = createHash('sha1').update(source).digest('hex');
  return async (call: {
    readonly redis: Redis;
    readonly keys: readonly string[];
    readonly args: readonly (string | number)[];
  }): Promise<unknown> => {
    const { redis, keys, args } = call;
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(source, keys.length, ...keys, ...args);
    }
  };
}

/** Defines `now` on the clock of Redis, and `exact`, which formats a time without losing precision. Both use milliseconds. */
export const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function exact(ms) return string.format('%.3f', ms) end
`;

/**
 * Defines `server`, which names this run of this server: another server was promoted, or it was restarted. Replication and the append-only
 * file are up to a second behind, so the log of another run lacks the latest requests.
 */
export const serverRun = `
local server = string.match(redis.call('INFO', 'server'), 'run_id:%w+')
`;

/** The length of the buckets in which a day is counted. */
export const dayBucketMs = 10 * 60_000;

/**
 * The rolling day is counted in buckets of `dayBucketMs`. A grant is in the bucket of its latest possible arrival when it was reserved, which
 * the log has of a grant that is given back. A bucket counts until 24 h after its end.
 */
export const dayBuckets = `
local bucketMs, dayMs = ${dayBucketMs}, 86400000
local function bucketOf(ms) return math.floor(tonumber(ms) / bucketMs) end
local function countsUntil(bucket) return (bucket + 1) * bucketMs + dayMs end
`;

const waitingPrefix = 'waits:';

/** The field of a waiting process in the state hash. */
export function waitingField(processId: string): string {
  return waitingPrefix + processId;
}

/**
 * The wait queue. Each waiting process has a field in the state hash, see `waitingField`. It holds the process's retry time and how
 * many of its requests wait, by priority, in binary form because parsing text takes longer. A process that has not asked a second
 * after its retry time is dead and is skipped.
 */
export const waitQueue = `
local waitingFormat = '>d${'I4'.repeat(requestPriorities.length)}'
local function isWaitingField(field) return string.sub(field, 1, ${waitingPrefix.length}) == '${waitingPrefix}' end
local function isDead(retryAt) return retryAt < now - 1000 end
`;
