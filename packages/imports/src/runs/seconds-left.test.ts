import { expect, test } from '@jest/globals';
import { secondsLeft } from './seconds-left.ts';

const perSecond = (count: number) => count / 1000;

test.each([
  { name: 'counted work at its rate', work: { done: 40, total: 100, rate: perSecond(2) }, usualMs: 900_000, left: 30 },
  { name: 'less than a second of counted work', work: { done: 99, total: 100, rate: perSecond(50) }, left: 1 },
  { name: 'counted work that does not move', work: { done: 40, total: 100, rate: 0 }, usualMs: 900_000 },
  { name: 'counted work that is done', work: { done: 100, total: 100, rate: perSecond(2) }, usualMs: 900_000 },
  {
    name: 'the usual time if the work is not counted',
    work: { done: 7, total: 0, rate: 1 },
    usualMs: 260_000,
    left: 200,
  },
  { name: 'the usual time without work', usualMs: 260_000, left: 200 },
  { name: 'a run that takes longer than usual', usualMs: 50_000 },
  { name: 'the first run of a connection' },
])('the time left is estimated from $name', ({ work, usualMs, left }) => {
  expect(secondsLeft({ work, usualMs, tookMs: 60_000 })).toBe(left);
});
