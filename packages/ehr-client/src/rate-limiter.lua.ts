/**
 * One grant or denial, atomic, on Redis' own clock. A sliding log of the last `limit` grants is the only exact rule: a
 * token bucket of 16 admits 32 in two seconds, a fixed window likewise.
 *
 * KEYS  1 state (hash)  2 log (list, newest first)  3 day (hash: bucket -> grants)  4.. one sorted set of waiters per
 *       priority, most urgent first (member: process, score: when its mark ends)
 * ARGV  1 limit  2 window + guard, ms  3 per day  4 process  5 priority index, from 0  6.. this process's waiters per
 *       priority
 * Returns { granted 0|1, wait in ms, reason }.
 */
export const rateLimiterScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local limit, window, perDay = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local process, priority = ARGV[4], tonumber(ARGV[5])
local priorities = #KEYS - 3
local state = redis.call('HMGET', KEYS[1], 'bornAt', 'pausedUntil', 'slowUntil', 'sinceLow', 'bucket', 'dayTotal')

-- A waiter's mark outlives two of its own retries, so a process that died stops holding others back.
local markMs = 1000
-- Requests that wait besides this one, here and elsewhere (a process counts once).
local backlog = -1
local urgentWaiting = false
for index = 0, priorities - 1 do
  local key = KEYS[4 + index]
  local own = tonumber(ARGV[6 + index])
  if own > 0 then
    redis.call('ZADD', key, now + markMs, process)
    redis.call('PEXPIRE', key, markMs * 2)
  else
    redis.call('ZREM', key, process)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local waiting = redis.call('ZCARD', key)
  backlog = backlog + waiting + own - math.min(own, 1)
  if index < priority and waiting > 0 then urgentWaiting = true end
end

local function deny(wait, reason) return { 0, math.ceil(wait), reason } end

-- State lost (first use, FLUSHALL): grants of the last window are forgotten, so it has to pass once.
local bornAt = tonumber(state[1])
if not bornAt then
  redis.call('HSET', KEYS[1], 'bornAt', now)
  return deny(window, 'cold-start')
end
if now - bornAt < window then return deny(window - (now - bornAt), 'cold-start') end

local pausedUntil = tonumber(state[2]) or 0
if now < pausedUntil then return deny(pausedUntil - now, 'paused') end

-- The rolling day: 10-minute buckets; a bucket counts until 24 h after its end. Urgent requests have a reserve of 2 %.
local bucketMs, dayMs = 600000, 86400000
local bucket = math.floor(now / bucketMs)
local dayTotal = tonumber(state[6]) or 0
if tonumber(state[5]) ~= bucket then
  dayTotal = 0
  local counts = redis.call('HGETALL', KEYS[3])
  for i = 1, #counts, 2 do
    if (tonumber(counts[i]) + 1) * bucketMs + dayMs <= now then
      redis.call('HDEL', KEYS[3], counts[i])
    else
      dayTotal = dayTotal + tonumber(counts[i + 1])
    end
  end
  redis.call('HSET', KEYS[1], 'bucket', bucket, 'dayTotal', dayTotal)
end
local allowance = priority >= 3 and math.floor(perDay * 0.98) or perDay
if dayTotal >= allowance then
  local oldest = bucket
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do oldest = math.min(oldest, tonumber(field)) end
  return deny((oldest + 1) * bucketMs + dayMs - now, 'day')
end

-- Urgent first, but one grant in eight goes to whoever waits behind, so that nothing starves.
local pace = window / limit
local sinceLow = tonumber(state[4]) or 0
if urgentWaiting and sinceLow < 7 then return deny(pace, 'yield') end

-- The first half of a window may go in a burst, with 12 ms between grants so that they arrive in their order. While
-- others wait the second half is paced, so that an urgent request never finds the whole window used up.
local half = tonumber(redis.call('LINDEX', KEYS[2], math.floor(limit / 2) - 1)) or 0
local gap = (backlog > 0 and now - half < window) and pace or math.min(12, pace)
if now < (tonumber(state[3]) or 0) then gap = pace * 2 end
local last = tonumber(redis.call('LINDEX', KEYS[2], 0)) or 0
if now - last < gap then return deny(gap - (now - last), 'pace') end
local first = tonumber(redis.call('LINDEX', KEYS[2], limit - 1)) or 0
if now - first < window then return deny(window - (now - first), 'window') end

redis.call('LPUSH', KEYS[2], string.format('%.3f', now))
redis.call('LTRIM', KEYS[2], 0, limit - 1)
redis.call('HINCRBY', KEYS[3], bucket, 1)
redis.call('HSET', KEYS[1], 'sinceLow', urgentWaiting and 0 or sinceLow + 1, 'dayTotal', dayTotal + 1)
if tonumber(ARGV[6 + priority]) <= 1 then redis.call('ZREM', KEYS[4 + priority], process) end
return { 1, 0, 'granted' }
`;

/** KEYS 1 state. ARGV 1 pause in ms, 2 for how long afterwards the rate stays halved. A shorter pause never ends a longer one. */
export const pauseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local paused = math.max(tonumber(redis.call('HGET', KEYS[1], 'pausedUntil')) or 0, now + tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'pausedUntil', string.format('%.3f', paused), 'slowUntil', string.format('%.3f', paused + tonumber(ARGV[2])))
return math.ceil(paused - now)
`;
