import { expect, test } from '@jest/globals';
import { nextLook } from './look.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 8, minutes));
const time = (minutes: number) => at(minutes).toISOString();

test('nothing was seen before the first look', () => {
  expect(nextLook(undefined, at(0))).toEqual({ seenAt: time(0) });
  expect(nextLook({ seenAt: 'x' }, at(0))).toEqual({ seenAt: time(0) });
  expect(nextLook({ seenAt: time(0) }, at(5))).toEqual({ seenAt: time(5) });
});

test('a reload continues the look', () => {
  expect(nextLook({ since: time(0), seenAt: time(10) }, at(40))).toEqual({ since: time(0), seenAt: time(40) });
});

test('after half an hour, the next look begins where the last one ended', () => {
  expect(nextLook({ since: time(0), seenAt: time(10) }, at(41))).toEqual({ since: time(10), seenAt: time(41) });
  expect(nextLook({ seenAt: time(10) }, at(41))).toEqual({ since: time(10), seenAt: time(41) });
});
