import { expect, test } from '@jest/globals';
import { usesOfWindows } from './uses-of-windows.ts';

test('the chart of a budget has the requests of the window that ended at each second', () => {
  expect(usesOfWindows([1, 2, 4, 8], 2000)).toEqual([
    { secondsAgo: 2, used: 3 },
    { secondsAgo: 1, used: 6 },
    { secondsAgo: 0, used: 12 },
  ]);
});

test('a budget with a long window has no chart', () => {
  expect(usesOfWindows([1, 2], 60_000)).toEqual([]);
});
