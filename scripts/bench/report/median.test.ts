import { expect, test } from '@jest/globals';
import { median, quantile } from './median.ts';

test('the median is a measured value: the middle one, or the lower of the two middle ones', () => {
  expect(median([5, 1, 9])).toBe(5);
  expect(median([4, 1, 9, 5])).toBe(4);
});

test('p99 is a value that 99 of 100 values do not exceed, and the largest of few values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile([7, 3], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});
