import { expect, test } from '@jest/globals';
import { median, quantile } from './median.ts';

test('the median is a value that was measured: the middle one, or the lower of the two', () => {
  expect(median([5, 1, 9])).toBe(5);
  expect(median([4, 1, 9, 5])).toBe(4);
});

test('99 of 100 values do not exceed p99; of few values it is the largest', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([7, 3], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});
