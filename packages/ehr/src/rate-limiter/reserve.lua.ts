import { requestPriorities, urgentInARow } from './budget.ts';
import { clock, createRedisScript, dayBuckets, serverRun, waitQueue } from './redis-script.ts';

/**
 * Reserves slots for requests, now or within the next half window. Atomic, on Redis' own clock.
 *
 * The log holds, for each recent request, the latest time at which it can have arrived: its slot plus the guard, until its answer
 * proves an earlier arrival. A slot is free one window after the `limit`th latest of these times, so among any `limit` + 1 requests
 * two are at least a window apart. The log keeps a minute of requests for monitoring.
 *
 * Slots are reserved ahead of time, so that none is lost while a process wakes up. A process that gets none receives a retry time
 * behind all other processes that wait for a request at least as urgent, so no two processes ask for the same slot. At its retry time a
 * process may reserve a little further ahead, because others may have reserved in between.
 *
 * KEYS  1 state (hash, with a field for each waiting process, see `waitQueue`)  2 log (sorted set: grant -> latest arrival)
 *       3 day (hash, see `dayBuckets`)
 * ARGV  1 limit  2 window, ms  3 guard, ms  4 per day, for this priority  5 `waitingField` of the process  6 name of the first grant: '<name>.1'
 *       7 priority index, from 0  8 whether to wait after a loss of state, 1|0  9 how long the log keeps entries, ms (at least the window)
 *       10-14 requests of this process that wait, by priority, the most urgent first  15 how many slots to reserve together, at most
 *       16.. pairs of arrival and grant: requests that were answered
 * Returns { now, reason, ms until this process is to ask again, ms until the slot of grant .1, of .2, ... }.
 * Reasons: `granted`, `window` (no slot is near), `closed` (paused, or cold start), `yield` (more urgent requests first), `day`.
 */
export const reserveScript = createRedisScript(`
${clock}
${serverRun}
${dayBuckets}
${waitQueue}
local limit, window, guard, allowance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local process, grant, priority = ARGV[5], ARGV[6], tonumber(ARGV[7]) + 1
local batch = tonumber(ARGV[15])
local pace = window / limit
-- How far ahead slots are reserved: at any time, at the retry time, and at most. Of athenahealth's two seconds, near is 0.6 s. The retry
-- time is when all four slots of a batch are near, so a process may wake up a quarter of a second late.
local near, atRetry, farthest = window * 10 / 32, window * 11 / 32, window / 2
if ARGV[16] then redis.call('ZADD', KEYS[2], 'XX', 'LT', unpack(ARGV, 16)) end

-- The state is read once here and written once below: on an idle server a command takes longer than most of the computation.
local state, processes = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if isWaitingField(fields[i]) then processes[fields[i]] = fields[i + 1] else state[fields[i]] = tonumber(fields[i + 1]) or fields[i + 1] end
end
local changes = {}
local function change(field, value)
  table.insert(changes, field)
  table.insert(changes, value)
end

-- No slot is reserved further ahead than this, so the clock of Redis went back (a correction, a failover). What was sent in the last window
-- is unknown, so nothing is sent for one. A pause keeps what remained of it at the last slot. Waiting processes ask again by their own clocks.
local lastGrant = state.lastGrant or 0
if lastGrant > now + farthest + guard then
  redis.call('DEL', KEYS[2])
  for field in pairs(processes) do redis.call('HDEL', KEYS[1], field) end
  processes = {}
  local function shifted(field) return now + math.max((state[field] or 0) - lastGrant, 0) end
  state.pausedUntil = math.max(shifted('pausedUntil'), now + window + farthest + guard)
  state.slowUntil, state.lastGrant, state.bornAt = shifted('slowUntil'), 0, nil
  change('pausedUntil', exact(state.pausedUntil))
  change('slowUntil', exact(state.slowUntil))
  change('lastGrant', 0)
end

local own = {}
for index = 1, ${requestPriorities.length} do own[index] = tonumber(ARGV[9 + index]) end
local backlog, urgentWaiting, lowWaiting, others, retryBefore = 0, false, false, {}, nil
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
for field, packed in pairs(processes) do
  local waiting = { struct.unpack(waitingFormat, packed) }
  local retryAt = waiting[1]
  if field == process then
    retryBefore = retryAt
  elseif isDead(retryAt) then
    redis.call('HDEL', KEYS[1], field)
  else
    local before = count(waiting, 1)
    if before > 0 then table.insert(others, { retryAt = retryAt, slots = math.min(before, batch) }) end
  end
end
local isAtRetryTime = retryBefore ~= nil and retryBefore <= now + 1

-- Until when no process may send. After a loss of state (first use, FLUSHALL) or of its end (a failover, a restart) the requests of the
-- last window and the reserved slots are unknown, so both times have to pass once.
local bornAt = state.server == server and state.bornAt or now
if bornAt == now then
  change('bornAt', exact(now))
  change('server', server)
end
local closedUntil = ARGV[8] == '1' and bornAt + window + farthest + guard or 0
closedUntil = math.max(closedUntil, state.pausedUntil or 0)
local slow = now < (state.slowUntil or 0)
local spacing = slow and pace * 2 or pace

-- The rolling day.
local bucket = bucketOf(now)
local dayTotal = state.dayTotal or 0
if state.bucket ~= bucket then
  dayTotal = 0
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
end

-- The latest possible arrivals of the last requests, in ascending order.
local arrivals = {}
local log = redis.call('ZREVRANGE', KEYS[2], 0, limit - 1, 'WITHSCORES')
for i = #log, 2, -2 do table.insert(arrivals, tonumber(log[i])) end

-- The first half of a window may be sent in a burst, 12 ms apart so that requests arrive in their order. If more requests wait, the
-- other half is spread evenly until the first request is a window old, so that an urgent request never finds the window used up.
local last = state.lastGrant or 0
local half = math.ceil(limit / 2)
local function nextSlot()
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

-- Urgent requests first, but every eighth slot is left to a less urgent one.
local sinceLow = state.sinceLow or 0
local isLowPrioritySlot = sinceLow >= ${urgentInARow}
local isBehind = urgentWaiting and not isLowPrioritySlot
local leavesIt = lowWaiting and isLowPrioritySlot and not urgentWaiting
local wanted = isBehind and 0 or math.min(own[priority], urgentWaiting and 1 or batch)
local slots, granted, buckets = {}, {}, {}
local at = nextSlot()
-- Retry times are computed from the number of slots that each process wants. So while others wait for an equally urgent request, a
-- process reserves nothing before its retry time, and at its retry time all of the slots that it wants or none.
if at > now then
  local isEarly = #others > 0 and not urgentWaiting and not isAtRetryTime
  local horizon = leavesIt and 0 or isAtRetryTime and atRetry or near
  if isEarly or at + (wanted - 1) * spacing > now + horizon then wanted = 0 end
end
while #slots < wanted and at <= now + farthest and dayTotal < allowance do
  last, dayTotal, backlog = at, dayTotal + 1, backlog - 1
  own[priority] = own[priority] - 1
  table.insert(slots, math.ceil(at - now))
  table.insert(arrivals, at + guard)
  local latest = exact(at + guard)
  table.insert(granted, latest)
  table.insert(granted, grant .. '.' .. #slots)
  buckets[bucketOf(latest)] = (buckets[bucketOf(latest)] or 0) + 1
  at = nextSlot()
end
if #slots > 0 then
  redis.call('ZADD', KEYS[2], unpack(granted))
  for slotBucket, count in pairs(buckets) do redis.call('HINCRBY', KEYS[3], slotBucket, count) end
  local memory = tonumber(ARGV[9])
  -- Old entries have no effect, so they are removed only now and then.
  if math.floor(last / memory) ~= math.floor((state.lastGrant or 0) / memory) then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exact(now - memory))
  end
  -- Counts slots since a less urgent request was last served, or did not exist.
  change('sinceLow', (urgentWaiting or not lowWaiting) and 0 or sinceLow + #slots)
  change('dayTotal', dayTotal)
  change('lastGrant', exact(last))
end

local left = 0
for _, count in ipairs(own) do left = left + count end
local isDayUsed = #slots == 0 and dayTotal >= allowance
if left == 0 or isDayUsed then
  if retryBefore then redis.call('HDEL', KEYS[1], process) end
  if #changes > 0 then redis.call('HSET', KEYS[1], unpack(changes)) end
  if left == 0 then return { exact(now), 'granted', 0, unpack(slots) } end
  local oldest = bucket
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do oldest = math.min(oldest, tonumber(field)) end
  return { exact(now), 'day', math.ceil(countsUntil(oldest) - now) }
end

-- The retry time is when as many slots as the process may reserve are near, behind all other waiting processes. A process that asked
-- in vain keeps its position.
local keepsPosition = #slots == 0 and retryBefore
local ahead = 0
for _, other in ipairs(others) do
  if not keepsPosition or other.retryAt < retryBefore then ahead = ahead + other.slots end
end
local retryAt = at + (ahead + math.min(left, batch) - 1) * spacing - (leavesIt and 0 or near)
if keepsPosition and retryBefore > now then retryAt = math.min(retryAt, retryBefore) end
if isBehind then retryAt = now + (${urgentInARow} - sinceLow) * spacing end
retryAt = math.max(retryAt, now + 1)
change(process, struct.pack(waitingFormat, retryAt, unpack(own)))
redis.call('HSET', KEYS[1], unpack(changes))
local reason = isBehind and 'yield' or now < closedUntil and 'closed' or 'window'
return { exact(now), reason, math.ceil(retryAt - now), unpack(slots) }
`);
