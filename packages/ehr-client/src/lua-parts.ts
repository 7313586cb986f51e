import { requestPriorities } from './request-priority.ts';

/** `now`, by Redis' own clock, and times as texts that lose nothing. Milliseconds. */
export const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function exact(ms) return string.format('%.3f', ms) end
`;

/** The rolling day is counted in buckets of 10 minutes; a bucket counts until 24 h after its end. */
export const dayBuckets = `
local bucketMs, dayMs = 600000, 86400000
local function countsUntil(bucket) return (bucket + 1) * bucketMs + dayMs end
`;

const markPrefix = 'waits:';

/** The field of the state's hash that a process has while it waits, see `row`. */
export function markField(processId: string): string {
  return markPrefix + processId;
}

/**
 * A process that waits has a field in the state's hash, its `markField`: when it is to ask again, and how many of its requests
 * wait, by priority. In bytes, as text takes longer. Who has not come for a second after its turn is dead, and holds nobody back.
 */
export const row = `
local markFormat = '>d${'I4'.repeat(requestPriorities.length)}'
local function isMark(field) return string.sub(field, 1, ${markPrefix.length}) == '${markPrefix}' end
local function isDead(due) return due < now - 1000 end
`;
