import { clock } from './lua-parts.ts';
import { createRedisScript } from './redis-script.ts';

/**
 * Stops everybody. Who has taken places ahead is told, on the channel of the state's name, and gives them back.
 * KEYS 1 state. ARGV 1 pause in ms, 2 for how long afterwards the rate stays halved, 3 why. A shorter pause never ends a
 * longer one, nor says why it is.
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
