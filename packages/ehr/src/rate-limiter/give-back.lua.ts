import { createRedisScript, dayBuckets } from './redis-script.ts';

/**
 * Removes grants that were not used from the log and from the day. A grant that is not in the log is not counted back, so a report that
 * is repeated counts once, and a grant that the log no longer knows stays counted.
 * KEYS  as of `reserveScript`
 * ARGV  the grants
 */
export const giveBackScript = createRedisScript(`
${dayBuckets}
for _, grant in ipairs(ARGV) do
  local latest = redis.call('ZSCORE', KEYS[2], grant)
  if latest then
    redis.call('ZREM', KEYS[2], grant)
    if redis.call('HEXISTS', KEYS[3], bucketOf(latest)) == 1 then
      redis.call('HINCRBY', KEYS[3], bucketOf(latest), -1)
      redis.call('HINCRBY', KEYS[1], 'dayTotal', -1)
    end
  end
end
`);
