import { clock, createRedisScript } from './redis-script.ts';

/**
 * Pauses all processes. They are notified on the channel that is named after the state key, and give their reserved slots back. A
 * shorter pause neither ends a longer one nor replaces its reason.
 * KEYS  1 state
 * ARGV  1 pause, ms  2 for how long the rate stays halved afterwards, ms  3 reason
 */
export const pauseScript = createRedisScript(`
${clock}
local wanted, before = now + tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'pausedUntil')) or 0
local paused = math.max(before, wanted)
redis.call('HSET', KEYS[1], 'pausedUntil', exact(paused), 'slowUntil', exact(paused + tonumber(ARGV[2])))
if wanted >= before then redis.call('HSET', KEYS[1], 'pauseReason', ARGV[3]) end
redis.call('PUBLISH', KEYS[1], 'paused')
return math.ceil(paused - now)
`);
