import { expect, test } from '@jest/globals';
import { Ring } from './ring.ts';

test('keeps the newest, oldest first, and counts all', () => {
  const ring = new Ring<number>(3);
  for (const number of [1, 2, 3, 4, 5]) ring.push(number);
  expect(ring.toArray()).toEqual([3, 4, 5]);
  expect(ring.total).toBe(5);
  ring.clear();
  ring.push(6);
  expect(ring.toArray()).toEqual([6]);
});
