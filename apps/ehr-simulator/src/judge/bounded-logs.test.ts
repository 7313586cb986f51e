import { expect, test } from '@jest/globals';
import { Ring, SlidingLog } from './bounded-logs.ts';

test('the 17th arrival in any two seconds breaks the limit, across what a clock would call a boundary', () => {
  const log = new SlidingLog({ limit: 16, windowMs: 2000 });
  for (let index = 0; index < 16; index += 1) expect(log.arrive({ atMs: 1900 + index })).toBe(false);
  expect(log.remaining(2000)).toBe(0);
  expect(log.arrive({ atMs: 2100 })).toBe(true);
});

test('a place is free exactly when the 16th last arrival is two seconds old', () => {
  const log = new SlidingLog({ limit: 16, windowMs: 2000 });
  for (let index = 0; index < 16; index += 1) log.arrive({ atMs: index });
  expect(log.waitMs(1999)).toBe(1);
  expect(log.remaining(2000)).toBe(1);
  expect(log.arrive({ atMs: 2000 })).toBe(false);
  expect(log.arrive({ atMs: 2000.5 })).toBe(true);
});

test('an arrival that was seen late breaks no limit that it would have kept on time', () => {
  const log = new SlidingLog({ limit: 1, windowMs: 2000 });
  expect(log.arrive({ atMs: 300, sinceMs: 0 })).toBe(false);
  // 1,700 ms after the first was seen, but perhaps two seconds after it came.
  expect(log.arrive({ atMs: 2000 })).toBe(false);
  expect(log.arrive({ atMs: 3999 })).toBe(true);
});

test('keeps the newest, oldest first, and counts all', () => {
  const ring = new Ring<number>(3);
  for (const number of [1, 2, 3, 4, 5]) ring.push(number);
  expect(ring.toArray()).toEqual([3, 4, 5]);
  expect(ring.total).toBe(5);
  ring.clear();
  ring.push(6);
  expect(ring.toArray()).toEqual([6]);
});
