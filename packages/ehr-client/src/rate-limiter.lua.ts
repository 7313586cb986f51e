/**
 * One grant or denial, atomic, on Redis' own clock. A sliding log of the last `limit` requests is the only exact rule: a
 * token bucket of 16 admits 32 in two seconds, a fixed window likewise. The log holds for each request the latest time at
 * which it can have arrived: its grant plus the guard, until its answer says that it was there (`settleScript`). It keeps a
 * minute of them, for whoever looks on; the rule counts those of the window.
 *
 * KEYS  1 state (hash)  2 log (sorted set: grant -> latest arrival)  3 day (hash: bucket -> grants)  4.. one sorted set of
 *       waiters per priority, most urgent first (member: process, score: when its mark ends)
 * ARGV  1 limit  2 window, ms  3 guard, ms  4 per day  5 process  6 grant  7 priority index, from 0  8 wait after a
 *       loss of state, ms  9 how long the log remembers, ms (not less than the window)  10.. this process's waiters per
 *       priority
 * Returns { granted 0|1, wait in ms, reason }.
 */
export const rateLimiterScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local limit, window, guard, perDay = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local process, grant, priority = ARGV[5], ARGV[6], tonumber(ARGV[7])
local priorities = #KEYS - 3
local state = redis.call('HMGET', KEYS[1], 'bornAt', 'pausedUntil', 'slowUntil', 'sinceLow', 'bucket', 'dayTotal', 'lastGrant')

-- A waiter's mark outlives two of its own retries, so a process that died stops holding others back.
local markMs = 1000
-- Requests that wait besides this one, here and elsewhere (a process counts once).
local backlog = -1
local urgentWaiting = false
for index = 0, priorities - 1 do
  local key = KEYS[4 + index]
  local own = tonumber(ARGV[10 + index])
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
local quarantine = tonumber(ARGV[8])
local bornAt = tonumber(state[1])
if not bornAt then
  redis.call('HSET', KEYS[1], 'bornAt', now)
  bornAt = now
end
if now - bornAt < quarantine then return deny(quarantine - (now - bornAt), 'cold-start') end

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
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[9]))
local windowStart = string.format('(%.3f', now - window)
local used = redis.call('ZCOUNT', KEYS[2], windowStart, '+inf')
local gap = (backlog > 0 and used >= limit / 2) and pace or math.min(12, pace)
if now < (tonumber(state[3]) or 0) then gap = pace * 2 end
local last = tonumber(state[7]) or 0
if now - last < gap then return deny(gap - (now - last), 'pace') end
if used >= limit then
  local oldest = redis.call('ZRANGEBYSCORE', KEYS[2], windowStart, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return deny(math.max(tonumber(oldest[2]) + window - now, 1), 'window')
end

redis.call('ZADD', KEYS[2], now + guard, grant)
redis.call('HINCRBY', KEYS[3], bucket, 1)
redis.call('HSET', KEYS[1], 'sinceLow', urgentWaiting and 0 or sinceLow + 1, 'dayTotal', dayTotal + 1, 'lastGrant', string.format('%.3f', now))
if tonumber(ARGV[10 + priority]) <= 1 then redis.call('ZREM', KEYS[4 + priority], process) end
return { 1, 0, 'granted' }
`;

/**
 * KEYS 1 state. ARGV 1 pause in ms, 2 for how long afterwards the rate stays halved, 3 why. A shorter pause never ends a
 * longer one, nor says why it is.
 */
export const pauseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local wanted, before = now + tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'pausedUntil')) or 0
local paused = math.max(before, wanted)
redis.call('HSET', KEYS[1], 'pausedUntil', string.format('%.3f', paused), 'slowUntil', string.format('%.3f', paused + tonumber(ARGV[2])))
if wanted >= before then redis.call('HSET', KEYS[1], 'pauseReason', ARGV[3]) end
return math.ceil(paused - now)
`;

/**
 * The request of a grant was answered, so it has arrived by now; or it was never sent.
 * KEYS 1 log. ARGV 1 grant, 2 `sent` or `unsent`.
 */
export const settleScript = `
if ARGV[2] == 'unsent' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
local latest = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not latest then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
return redis.call('ZADD', KEYS[1], math.min(tonumber(latest), now), ARGV[1])
`;

/**
 * How much is used, and who waits. It changes nothing.
 * KEYS as of the limiter. ARGV 1 window, ms.
 * Returns { requests in the last window, minute, 24 h, pause left in ms, time at half the rate left in ms, why, then processes
 * that wait, per priority }.
 */
export const useScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function since(ms) return string.format('(%.3f', now - ms) end
local day = 0
local counts = redis.call('HGETALL', KEYS[3])
for i = 1, #counts, 2 do
  if (tonumber(counts[i]) + 1) * 600000 + 86400000 > now then day = day + tonumber(counts[i + 1]) end
end
local window = redis.call('ZCOUNT', KEYS[2], since(tonumber(ARGV[1])), '+inf')
local minute = redis.call('ZCOUNT', KEYS[2], since(60000), '+inf')
local state = redis.call('HMGET', KEYS[1], 'pausedUntil', 'slowUntil', 'pauseReason')
local function left(at) return math.ceil(math.max((tonumber(at) or 0) - now, 0)) end
local use = { window, minute, day, left(state[1]), left(state[2]), state[3] or '' }
for index = 4, #KEYS do table.insert(use, redis.call('ZCOUNT', KEYS[index], since(0), '+inf')) end
return use
`;
