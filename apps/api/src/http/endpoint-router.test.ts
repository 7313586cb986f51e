import { expect, test } from '@jest/globals';
import { comparePaths } from './endpoint-router.ts';

test.each([
  { first: '/exports/events', second: '/exports/:id' },
  { first: '/connections/:id', second: '/:provider/documents' },
  { first: '/:provider/exports/events', second: '/:provider/exports/:id' },
])('$first is matched before $second', ({ first, second }) => {
  const [one, other] = [{ path: first }, { path: second }];
  expect([other, one].toSorted(comparePaths)).toEqual([one, other]);
  expect([one, other].toSorted(comparePaths)).toEqual([one, other]);
});

test('comparePaths keeps the order of paths with the same kinds of segments', () => {
  const paths = [{ path: '/b/:id' }, { path: '/a/:id' }];
  expect(paths.toSorted(comparePaths)).toEqual(paths);
});
