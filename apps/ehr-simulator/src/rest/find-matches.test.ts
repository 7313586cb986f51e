import { expect, test } from '@jest/globals';
import { matchesDate } from './find-matches.ts';

test.each([
  ['2024-05-06T10:00:00Z', 'ge2024-05-06', true],
  ['2024-05-06T10:00:00Z', 'gt2024-05-06T09:00:00Z', false],
  ['2024-05-06T10:00:00Z', '2024-05', true],
  ['2024-05-06', 'lt2024-05-06', false],
  ['2024-05-05', 'lt2024-05-06', true],
  ['2024-05-05', 'ne2024-05-06', true],
])('matchesDate compares the date %s with the search value %s', (value, searchValue, isMatch) => {
  expect(matchesDate({ value, searchValue })).toBe(isMatch);
});
