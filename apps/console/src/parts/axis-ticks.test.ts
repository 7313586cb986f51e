import { expect, test } from '@jest/globals';
import { axisTicks, steps } from './axis-ticks.ts';
import { formatCount, formatShortDuration } from './format.ts';

test.each([
  { max: 0, ticks: [0, 1] },
  { max: 1, ticks: [0, 1] },
  { max: 3, ticks: [0, 1, 2, 3] },
  { max: 7, ticks: [0, 2, 4, 6, 8] },
  { max: 104_311, ticks: [0, 50_000, 100_000, 150_000] },
])('the axis of counts up to $max has the ticks $ticks', ({ max, ticks }) => {
  expect(axisTicks({ max, possible: steps.counts })).toEqual(ticks);
});

const maxima = [0, 0.001, 0.02, 0.5, 1, 1.2, 3, 7, 59, 61, 100, 719, 1441, 20_000, 900_000];

test.each(maxima)('no tick of an axis up to %d minutes has the label of another one', (max) => {
  const ticks = axisTicks({ max, possible: steps.minutes });
  const labels = ticks.map((minutes) => formatShortDuration(minutes * 60_000));
  expect(new Set(labels).size).toBe(labels.length);
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
});

test.each(maxima)('no tick of an axis up to %d of something has the label of another one', (max) => {
  const labels = axisTicks({ max, possible: steps.counts }).map(formatCount);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.length).toBeLessThanOrEqual(5);
});
