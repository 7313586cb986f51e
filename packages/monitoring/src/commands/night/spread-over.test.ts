import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDaily, spreadOver } from './plan.service.ts';

const hourMs = 3_600_000;
const night = { from: 20 * 60, until: 6 * 60 };
const minutesAfter = (startMinute: number, from: number) => (startMinute - from + 1440) % 1440;

test.each([
  ['0 2 * * *', true],
  ['59 23 * * *', true],
  ['0 2,14 * * *', false],
  ['*/5 * * * *', false],
  ['0 2 * * 1-5', false],
  ['0 2 1 * *', false],
])('whether %s names one time of every day: %s', (cron, expected) => {
  expect(isDaily({ cron })).toBe(expected);
});

test('each run ends within the window, and those that are longer than it start with it', () => {
  const run = fc.record({ id: fc.uuid(), durationMs: fc.integer({ min: 0, max: 20 * hourMs }) });
  const minute = fc.integer({ min: 0, max: 1439 });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 50 }), minute, minute, (runs, from, until) => {
      const length = minutesAfter(until, from) || 1440;
      const spread = spreadOver(runs, { from, until });
      expect(spread.map(({ id }) => id).toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
      for (const { startMinute, durationMs } of spread) {
        const start = minutesAfter(startMinute, from);
        if (durationMs > length * 60_000) expect(start).toBe(0);
        else expect(start + durationMs / 60_000).toBeLessThanOrEqual(length);
      }
    }),
  );
});

test('a thousand runs of five hours start evenly over the first half of ten hours', () => {
  const runs = Array.from({ length: 1000 }, (_, index) => ({ id: `r${index}`, durationMs: 5 * hourMs }));
  const counts = new Array<number>(30).fill(0);
  for (const { startMinute } of spreadOver(runs, night)) {
    const slot = Math.floor(minutesAfter(startMinute, night.from) / 10);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(28);
  expect(Math.max(...counts)).toBeLessThan(39);
});
