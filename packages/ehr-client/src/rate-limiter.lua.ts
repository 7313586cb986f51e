import { createRedisScript } from './redis-script.ts';
import { requestPriorities } from './request-priority.ts';

const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function exact(ms) return string.format('%.3f', ms) end
`;

/** Of a process that waits: when it is to ask again, and how many of its requests wait, by priority. In bytes, as text takes longer. */
const mark = `'>d${'I4'.repeat(requestPriorities.length)}'`;
/** A process that has not come for so long after its turn is dead, and holds nobody back. */
const patienceMs = 1000;

/**
 * Takes places for requests, now or within the next half window, atomic, on Redis' own clock. A sliding log of the last `limit`
 * requests is the only exact rule: a token bucket of 16 admits 32 in two seconds, a fixed window likewise. The log holds for each
 * request the latest time at which it can have arrived: its place plus the guard, until its answer says that it was there.
 * A place is free a window after the `limit`th latest of these times, so among any `limit` + 1 requests two are a window apart.
 * It keeps a minute of them, for whoever looks on.
 *
 * Places are taken ahead, so that none is lost while a process wakes up and asks; whoever finds none near enough is told when its
 * turn is, behind everybody who waits: nobody asks twice for the same place. Who comes at its turn may reach a little further,
 * since others may have come between, and urgent requests beyond that, so that they never wait for a turn while only others do.
 *
 * KEYS  1 state (hash)  2 log (sorted set: grant -> latest arrival)  3 day (hash: bucket -> grants)  4 who waits (hash: process ->
 *       `mark`)
 * ARGV  1 limit  2 window, ms  3 guard, ms  4 per day  5 process  6 name of the first grant: '<name>.1'  7 priority index, from 0
 *       8 whether to wait after a loss of state, 1|0  9 how long the log remembers, ms (not less than the window)
 *       10-14 this process's requests that wait, by priority, the most urgent first  15.. pairs of arrival and grant: requests
 *       that were answered
 * Returns { now, reason, ms until this process is to ask again, ms until the place of grant .1, of .2, ... }.
 */
export const bookScript = createRedisScript(`
${clock}
local limit, window, guard, perDay = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local process, grant, priority = ARGV[5], ARGV[6], tonumber(ARGV[7]) + 1
-- At a turn: fewer questions, and still others get theirs within a second.
local batch = math.max(1, math.floor(limit / 4))
local pace = window / limit
-- Of the guide's two seconds 0.6: as a turn is when all four places are near, a process may wake up a quarter of a second late. A
-- poll, which finds a place behind those that are taken, must not wait for a second.
local near, atTurn, farthest = window * 10 / 32, window * 11 / 32, window / 2
if ARGV[15] then redis.call('ZADD', KEYS[2], 'XX', 'LT', unpack(ARGV, 15)) end
local state = redis.call('HMGET', KEYS[1], 'bornAt', 'pausedUntil', 'slowUntil', 'sinceLow', 'bucket', 'dayTotal', 'lastGrant')

local own = {}
for index = 1, ${requestPriorities.length} do own[index] = tonumber(ARGV[9 + index]) end
local backlog, urgentWaiting, others, dueBefore = 0, false, {}, nil
local function count(waiting, first)
  local before = 0
  for index = 1, ${requestPriorities.length} do
    local requests = waiting[first + index]
    backlog = backlog + requests
    if index <= priority then before = before + requests end
    if index < priority and requests > 0 then urgentWaiting = true end
  end
  return before
end
count(own, 0)
local marks = redis.call('HGETALL', KEYS[4])
for i = 1, #marks, 2 do
  local found = { struct.unpack(${mark}, marks[i + 1]) }
  local due = found[1]
  if due < now - ${patienceMs} then
    redis.call('HDEL', KEYS[4], marks[i])
  elseif marks[i] == process then
    dueBefore = due
  else
    table.insert(others, { due = due, places = math.min(count(found, 1), batch) })
  end
end
local atItsTurn = dueBefore ~= nil and dueBefore <= now + 1

-- What nobody may ask before. State lost (first use, FLUSHALL): requests of the last window are forgotten, and so are places that
-- were taken ahead, so both have to pass once.
local bornAt = tonumber(state[1])
if not bornAt then
  bornAt = now
  redis.call('HSET', KEYS[1], 'bornAt', exact(now))
end
local closedUntil = ARGV[8] == '1' and bornAt + window + farthest + guard or 0
closedUntil = math.max(closedUntil, tonumber(state[2]) or 0)
local slow = now < (tonumber(state[3]) or 0)
local spacing = slow and pace * 2 or pace

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
local allowance = priority > 3 and math.floor(perDay * 0.98) or perDay

-- The latest times at which the last requests can have arrived, in their order. One look: a server that rests between questions
-- takes longer for each command than for all of this.
local arrivals = {}
local log = redis.call('ZREVRANGE', KEYS[2], 0, limit - 1, 'WITHSCORES')
for i = #log, 2, -2 do table.insert(arrivals, tonumber(log[i])) end

-- The first half of a window may go in a burst, with 12 ms between requests so that they arrive in their order. While others
-- wait the rest is spread evenly until the first of it is a window old, so that an urgent request never finds all of it used up.
local last = tonumber(state[7]) or 0
local half = math.ceil(limit / 2)
local function nextPlace()
  local at = math.max(now, closedUntil, last + math.min(12, pace))
  local full = arrivals[#arrivals - limit + 1]
  if full then at = math.max(at, full + window) end
  if slow then return math.max(at, last + spacing) end
  local halfFull = arrivals[#arrivals - half + 1]
  if backlog <= 1 or not halfFull or halfFull <= at - window then return at end
  local oldest = #arrivals - half + 1
  while oldest > 1 and arrivals[oldest - 1] > at - window do oldest = oldest - 1 end
  local left = limit - (#arrivals - oldest + 1)
  return math.max(at, last + math.max(pace, (arrivals[oldest] + window - last) / (left + 1)))
end

-- Urgent first, but one in eight goes to whoever waits behind, so that nothing starves.
local sinceLow = tonumber(state[4]) or 0
local isBehind = urgentWaiting and sinceLow < 7
local mayGoFar = priority <= 3 or (urgentWaiting and sinceLow >= 7)
local horizon = mayGoFar and farthest or atItsTurn and atTurn or near
local wanted = isBehind and 0 or math.min(own[priority], urgentWaiting and 1 or batch)
local places, granted = {}, {}
local at = nextPlace()
while #places < wanted and at <= now + horizon and dayTotal < allowance do
  last, dayTotal, backlog = at, dayTotal + 1, backlog - 1
  own[priority] = own[priority] - 1
  table.insert(places, math.ceil(at - now))
  table.insert(arrivals, at + guard)
  table.insert(granted, exact(at + guard))
  table.insert(granted, grant .. '.' .. #places)
  at = nextPlace()
end
if #places > 0 then
  redis.call('ZADD', KEYS[2], unpack(granted))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exact(now - tonumber(ARGV[9])))
  redis.call('HINCRBY', KEYS[3], bucket, #places)
  sinceLow = urgentWaiting and 0 or sinceLow + #places
  redis.call('HSET', KEYS[1], 'sinceLow', sinceLow, 'dayTotal', dayTotal, 'lastGrant', exact(last))
end

local left = 0
for _, count in ipairs(own) do left = left + count end
if left == 0 or (#places == 0 and dayTotal >= allowance) then
  if dueBefore then redis.call('HDEL', KEYS[4], process) end
  if left == 0 then return { exact(now), 'granted', 0, unpack(places) } end
  local oldest = bucket
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do oldest = math.min(oldest, tonumber(field)) end
  return { exact(now), 'day', math.ceil((oldest + 1) * bucketMs + dayMs - now) }
end

-- Its turn: when as many places as it may take are near, behind all who wait. Whoever came in vain stays where it was.
local keepsTurn = #places == 0 and dueBefore
local ahead = 0
for _, other in ipairs(others) do
  if not keepsTurn or other.due < dueBefore then ahead = ahead + other.places end
end
local due = at + (ahead + math.min(left, batch) - 1) * spacing - near
if keepsTurn and dueBefore > now then due = math.min(due, dueBefore) end
due = math.max(due, now + (isBehind and spacing or 1))
redis.call('HSET', KEYS[4], process, struct.pack(${mark}, due, unpack(own)))
local reason = isBehind and 'yield' or now < closedUntil and 'closed' or 'window'
return { exact(now), reason, math.ceil(due - now), unpack(places) }
`);

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

/**
 * How much is used, and who waits. It changes nothing.
 * KEYS as of `bookScript`. ARGV 1 window, ms, 2 guard, ms.
 * Returns { requests in the last window, minute, 24 h, pause left in ms, time at half the rate left in ms, why, then requests
 * that wait, by priority }.
 */
export const useScript = createRedisScript(`
${clock}
local function since(ms) return '(' .. exact(now - ms) end
local day = 0
local counts = redis.call('HGETALL', KEYS[3])
for i = 1, #counts, 2 do
  if (tonumber(counts[i]) + 1) * 600000 + 86400000 > now then day = day + tonumber(counts[i + 1]) end
end
-- Places that are taken ahead are not used yet.
local latest = exact(now + tonumber(ARGV[2]))
local window = redis.call('ZCOUNT', KEYS[2], since(tonumber(ARGV[1])), latest)
local minute = redis.call('ZCOUNT', KEYS[2], since(60000), latest)
local state = redis.call('HMGET', KEYS[1], 'pausedUntil', 'slowUntil', 'pauseReason')
local function left(at) return math.ceil(math.max((tonumber(at) or 0) - now, 0)) end
local use = { window, minute, day, left(state[1]), left(state[2]), state[3] or '' }
local waiting = {}
for index = 1, ${requestPriorities.length} do waiting[index] = 0 end
local marks = redis.call('HGETALL', KEYS[4])
for i = 2, #marks, 2 do
  local found = { struct.unpack(${mark}, marks[i]) }
  for index = 1, ${requestPriorities.length} do waiting[index] = waiting[index] + (found[1] < now - ${patienceMs} and 0 or found[1 + index]) end
end
for _, requests in ipairs(waiting) do table.insert(use, requests) end
return use
`);
