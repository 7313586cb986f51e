import { expect, test } from '@jest/globals';
import { toAmount } from './watch-export.ts';

test.each([
  { done: 154, total: 200, expected: '77 %  154/200' },
  { done: 200, total: 200, expected: '100 %  200/200' },
  { done: 201, total: 200, expected: '100 %  201/200' },
  { done: 154, total: 0, expected: '154' },
])('the progress of an export shows $done of $total resources as "$expected"', ({ done, total, expected }) => {
  expect(toAmount({ done, total })).toBe(expected);
});
