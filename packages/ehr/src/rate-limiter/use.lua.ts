import { requestPriorities } from './budget.ts';
import { clock, createRedisScript, dayBuckets, waitQueue } from './redis-script.ts';

/**
 * Reads how much of a budget is used and how many requests wait. It changes nothing.
 * KEYS  as of `reserveScript`
 * ARGV  1 window, ms  2 guard, ms
 * Returns { requests in the last window, minute, 24 h, remaining pause in ms, remaining time at half the rate in ms, reason of the
 * pause, { waiting requests by priority }, { requests in each of the last 60 seconds, the oldest first } }.
 */
export const useScript = createRedisScript(`
${clock}
${dayBuckets}
${waitQueue}
local state, waiting = {}, {}
for index = 1, ${requestPriorities.length} do waiting[index] = 0 end
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if not isWaitingField(fields[i]) then
    state[fields[i]] = fields[i + 1]
  else
    local process = { struct.unpack(waitingFormat, fields[i + 1]) }
    for index = 1, ${requestPriorities.length} do
      waiting[index] = waiting[index] + (isDead(process[1]) and 0 or process[1 + index])
    end
  end
end

local day = 0
local counts = redis.call('HGETALL', KEYS[3])
for i = 1, #counts, 2 do
  if countsUntil(tonumber(counts[i])) > now then day = day + tonumber(counts[i + 1]) end
end

-- Reserved slots in the future are not used yet.
local latest = exact(now + tonumber(ARGV[2]))
local function since(ms) return redis.call('ZCOUNT', KEYS[2], '(' .. exact(now - ms), latest) end
local function left(at) return math.ceil(math.max((tonumber(at) or 0) - now, 0)) end
local recent = {}
for second = 1, 60 do recent[second] = 0 end
local entries = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. exact(now - 60000), exact(now), 'WITHSCORES')
for i = 2, #entries, 2 do
  local second = 60 - math.floor((now - tonumber(entries[i])) / 1000)
  if second >= 1 then recent[second] = recent[second] + 1 end
end
return {
  since(tonumber(ARGV[1])), since(60000), day, left(state.pausedUntil), left(state.slowUntil), state.pauseReason or '',
  waiting, recent
}
`);
