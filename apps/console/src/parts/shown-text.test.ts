import { expect, test } from '@jest/globals';
import { shownText } from './shown-text.ts';

test('a list says how many of its entries it shows', () => {
  const list = { shown: 100, hasMore: true, order: 'newest first' };
  expect(shownText({ ...list, total: undefined })).toBe('Showing 100, newest first.');
  expect(shownText({ ...list, total: 1234 })).toBe('Showing 100 of 1,234, newest first.');
  expect(shownText({ ...list, total: 10_000 })).toBe('Showing 100 of at least 10,000, newest first.');
  expect(shownText({ shown: 1234, total: 1234, hasMore: false })).toBe('Showing all 1,234.');
});

test('a list with more entries than were counted gives no number of matches', () => {
  expect(shownText({ shown: 100, total: 90, hasMore: true })).toBe('Showing 100.');
});
