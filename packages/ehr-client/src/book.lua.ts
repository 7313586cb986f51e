import { clock, dayBuckets, row } from './lua-parts.ts';
import { createRedisScript } from './redis-script.ts';
import { requestPriorities } from './request-priority.ts';
import { urgentInARow } from './urgent-in-a-row.ts';

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
 * KEYS  1 state (hash; who waits has a field in it, see `row`)  2 log (sorted set: grant -> latest arrival)  3 day (hash: bucket ->
 *       grants, of those that are over)
 * ARGV  1 limit  2 window, ms  3 guard, ms  4 per day  5 `markField` of the process  6 name of the first grant: '<name>.1'  7 priority index, from 0
 *       8 whether to wait after a loss of state, 1|0  9 how long the log remembers, ms (not less than the window)
 *       10-14 this process's requests that wait, by priority, the most urgent first  15 how many places to take at a turn, at most
 *       16.. pairs of arrival and grant: requests that were answered
 * Returns { now, reason, ms until this process is to ask again, ms until the place of grant .1, of .2, ... }.
 */
export const bookScript = createRedisScript(`
${clock}
${dayBuckets}
${row}
local limit, window, guard, perDay = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local process, grant, priority = ARGV[5], ARGV[6], tonumber(ARGV[7]) + 1
local batch = tonumber(ARGV[15])
local pace = window / limit
-- Of the guide's two seconds 0.6: as a turn is when all four places are near, a process may wake up a quarter of a second late. A
-- poll, which finds a place behind those that are taken, must not wait for a second.
local near, atTurn, farthest = window * 10 / 32, window * 11 / 32, window / 2
if ARGV[16] then redis.call('ZADD', KEYS[2], 'XX', 'LT', unpack(ARGV, 16)) end

-- One look at everything, and one change below: a server that rests between questions takes longer for a command than for
-- most of what follows.
local state, marks = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if isMark(fields[i]) then marks[fields[i]] = fields[i + 1] else state[fields[i]] = tonumber(fields[i + 1]) end
end
local changes = {}
local function change(field, value)
  table.insert(changes, field)
  table.insert(changes, value)
end

local own = {}
for index = 1, ${requestPriorities.length} do own[index] = tonumber(ARGV[9 + index]) end
local backlog, urgentWaiting, lowWaiting, others, dueBefore = 0, false, false, {}, nil
local function count(waiting, first)
  local before = 0
  for index = 1, ${requestPriorities.length} do
    local requests = waiting[first + index]
    backlog = backlog + requests
    if index <= priority then before = before + requests end
    if index < priority and requests > 0 then urgentWaiting = true end
    if index > priority and requests > 0 then lowWaiting = true end
  end
  return before
end
count(own, 0)
for field, mark in pairs(marks) do
  local found = { struct.unpack(markFormat, mark) }
  local due = found[1]
  if field == process then
    dueBefore = due
  elseif isDead(due) then
    redis.call('HDEL', KEYS[1], field)
  else
    table.insert(others, { due = due, places = math.min(count(found, 1), batch) })
  end
end
local atItsTurn = dueBefore ~= nil and dueBefore <= now + 1

-- What nobody may ask before. State lost (first use, FLUSHALL): requests of the last window are forgotten, and so are places that
-- were taken ahead, so both have to pass once.
local bornAt = state.bornAt or now
if not state.bornAt then change('bornAt', exact(now)) end
local closedUntil = ARGV[8] == '1' and bornAt + window + farthest + guard or 0
closedUntil = math.max(closedUntil, state.pausedUntil or 0)
local slow = now < (state.slowUntil or 0)
local spacing = slow and pace * 2 or pace

-- The rolling day. Urgent requests have a reserve of 2 %.
local bucket = math.floor(now / bucketMs)
local dayTotal, bucketTotal = state.dayTotal or 0, state.bucketTotal or 0
if state.bucket ~= bucket then
  if bucketTotal > 0 then redis.call('HINCRBY', KEYS[3], state.bucket, bucketTotal) end
  dayTotal, bucketTotal = 0, 0
  local counts = redis.call('HGETALL', KEYS[3])
  for i = 1, #counts, 2 do
    if countsUntil(tonumber(counts[i])) <= now then
      redis.call('HDEL', KEYS[3], counts[i])
    else
      dayTotal = dayTotal + tonumber(counts[i + 1])
    end
  end
  change('bucket', bucket)
  change('dayTotal', dayTotal)
  change('bucketTotal', 0)
end
local allowance = priority > 3 and math.floor(perDay * 0.98) or perDay

-- The latest times at which the last requests can have arrived, in their order.
local arrivals = {}
local log = redis.call('ZREVRANGE', KEYS[2], 0, limit - 1, 'WITHSCORES')
for i = #log, 2, -2 do table.insert(arrivals, tonumber(log[i])) end

-- The first half of a window may go in a burst, with 12 ms between requests so that they arrive in their order. While others
-- wait the rest is spread evenly until the first of it is a window old, so that an urgent request never finds all of it used up.
local last = state.lastGrant or 0
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

-- Urgent first, but now and then a place is left to whoever waits behind.
local sinceLow = state.sinceLow or 0
local isLowsTurn = sinceLow >= ${urgentInARow}
local isBehind = urgentWaiting and not isLowsTurn
local mayGoFar = priority <= 3 or urgentWaiting
-- What is left at the last moment is anybody's: somebody does not come.
local dry = near / 4
local leavesIt = lowWaiting and isLowsTurn and not urgentWaiting
local horizon = leavesIt and dry or mayGoFar and farthest or atItsTurn and atTurn or near
local wanted = isBehind and 0 or math.min(own[priority], urgentWaiting and 1 or batch)
local places, granted = {}, {}
local at = nextPlace()
-- Others wait for their turn, and reckon with what everybody said: before it nobody takes any, and at it all or none.
if not mayGoFar and at > now + dry then
  local isEarly = #others > 0 and not atItsTurn
  if isEarly or at + (wanted - 1) * spacing > now + horizon then wanted = 0 else horizon = farthest end
end
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
  local memory = tonumber(ARGV[9])
  -- Now and then: what is too old does no harm.
  if math.floor(last / memory) ~= math.floor((state.lastGrant or 0) / memory) then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exact(now - memory))
  end
  -- Since the last time that nobody was passed over.
  change('sinceLow', (urgentWaiting or not lowWaiting) and 0 or sinceLow + #places)
  change('dayTotal', dayTotal)
  change('bucketTotal', bucketTotal + #places)
  change('lastGrant', exact(last))
end

local left = 0
for _, count in ipairs(own) do left = left + count end
local isDayUsed = #places == 0 and dayTotal >= allowance
if left == 0 or isDayUsed then
  if dueBefore then redis.call('HDEL', KEYS[1], process) end
  if #changes > 0 then redis.call('HSET', KEYS[1], unpack(changes)) end
  if left == 0 then return { exact(now), 'granted', 0, unpack(places) } end
  local oldest = bucket
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do oldest = math.min(oldest, tonumber(field)) end
  return { exact(now), 'day', math.ceil(countsUntil(oldest) - now) }
end

-- Its turn: when as many places as it may take are near, behind all who wait. Whoever came in vain stays where it was.
local keepsTurn = #places == 0 and dueBefore
local ahead = 0
for _, other in ipairs(others) do
  if not keepsTurn or other.due < dueBefore then ahead = ahead + other.places end
end
local due = at + (ahead + math.min(left, batch) - 1) * spacing - (leavesIt and dry or near)
if keepsTurn and dueBefore > now then due = math.min(due, dueBefore) end
if isBehind then due = now + (${urgentInARow} - sinceLow) * spacing end
due = math.max(due, now + 1)
change(process, struct.pack(markFormat, due, unpack(own)))
redis.call('HSET', KEYS[1], unpack(changes))
local reason = isBehind and 'yield' or now < closedUntil and 'closed' or 'window'
return { exact(now), reason, math.ceil(due - now), unpack(places) }
`);
