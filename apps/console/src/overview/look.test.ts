import { expect, test } from '@jest/globals';
import { nextLook } from './look.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 8, minutes));
const look = (since: number, seenAt: number) => ({ since: at(since).toISOString(), seenAt: at(seenAt).toISOString() });

test('the first look begins now', () => {
  expect(nextLook(undefined, at(0))).toEqual(look(0, 0));
  expect(nextLook({ since: 'x', seenAt: 'x' }, at(0))).toEqual(look(0, 0));
});

test('a reload continues the look', () => {
  expect(nextLook(look(0, 10), at(40))).toEqual(look(0, 40));
});

test('after half an hour, the next look begins where the last one ended', () => {
  expect(nextLook(look(0, 10), at(41))).toEqual(look(10, 41));
});
