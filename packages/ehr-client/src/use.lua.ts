import { clock, dayBuckets, row } from './lua-parts.ts';
import { createRedisScript } from './redis-script.ts';
import { requestPriorities } from './request-priority.ts';

/**
 * How much is used, and who waits. It changes nothing.
 * KEYS as of `bookScript`. ARGV 1 window, ms, 2 guard, ms.
 * Returns { requests in the last window, minute, 24 h, pause left in ms, time at half the rate left in ms, why, then requests
 * that wait, by priority }.
 */
export const useScript = createRedisScript(`
${clock}
${dayBuckets}
${row}
local state, waiting = {}, {}
for index = 1, ${requestPriorities.length} do waiting[index] = 0 end
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if not isMark(fields[i]) then
    state[fields[i]] = fields[i + 1]
  else
    local mark = { struct.unpack(markFormat, fields[i + 1]) }
    for index = 1, ${requestPriorities.length} do
      waiting[index] = waiting[index] + (isDead(mark[1]) and 0 or mark[1 + index])
    end
  end
end

local day = 0
local function countBucket(bucket, grants)
  if countsUntil(tonumber(bucket)) > now then day = day + tonumber(grants) end
end
if state.bucket then countBucket(state.bucket, state.bucketTotal) end
local counts = redis.call('HGETALL', KEYS[3])
for i = 1, #counts, 2 do countBucket(counts[i], counts[i + 1]) end

-- Places that are taken ahead are not used yet.
local latest = exact(now + tonumber(ARGV[2]))
local function since(ms) return redis.call('ZCOUNT', KEYS[2], '(' .. exact(now - ms), latest) end
local function left(at) return math.ceil(math.max((tonumber(at) or 0) - now, 0)) end
return {
  since(tonumber(ARGV[1])), since(60000), day, left(state.pausedUntil), left(state.slowUntil), state.pauseReason or '',
  unpack(waiting)
}
`);
