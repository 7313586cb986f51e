import { expect, test } from '@jest/globals';
import { Ring, SlidingLog } from './bounded-logs.ts';

test('the sliding log detects the 17th request in any two seconds, even across a clock boundary', () => {
  const log = new SlidingLog({ limit: 16, windowMs: 2000 });
  for (let index = 0; index < 16; index += 1) expect(log.arrive({ atMs: 1900 + index })).toBe(false);
  expect(log.remaining(2000)).toBe(0);
  expect(log.arrive({ atMs: 2100 })).toBe(true);
});

test('the sliding log frees a slot exactly when the 16th last request is two seconds old', () => {
  const log = new SlidingLog({ limit: 16, windowMs: 2000 });
  for (let index = 0; index < 16; index += 1) log.arrive({ atMs: index });
  expect(log.waitMs(1999)).toBe(1);
  expect(log.remaining(2000)).toBe(1);
  expect(log.arrive({ atMs: 2000 })).toBe(false);
  expect(log.arrive({ atMs: 2000.5 })).toBe(true);
});

test('the sliding log reports no violation for a request that was observed late but may have arrived in time', () => {
  const log = new SlidingLog({ limit: 1, windowMs: 2000 });
  expect(log.arrive({ atMs: 300, sinceMs: 0 })).toBe(false);
  // This is 1,700 ms after the first was observed, but possibly two seconds after it arrived.
  expect(log.arrive({ atMs: 2000 })).toBe(false);
  expect(log.arrive({ atMs: 3999 })).toBe(true);
});

test('the ring keeps the newest entries in order and counts all entries', () => {
  const ring = new Ring<number>(3);
  for (const number of [1, 2, 3, 4, 5]) ring.push(number);
  expect(ring.toArray()).toEqual([3, 4, 5]);
  expect(ring.total).toBe(5);
  ring.clear();
  ring.push(6);
  expect(ring.toArray()).toEqual([6]);
});
