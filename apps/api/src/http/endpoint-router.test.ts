import { expect, test } from '@jest/globals';
import { comparePaths } from './endpoint-router.ts';

test.each([
  { first: '/exports/events', second: '/exports/:id' },
  { first: '/connections/:id', second: '/:provider/documents' },
  { first: '/:provider/exports/events', second: '/:provider/exports/:id' },
])('$first is matched before $second', ({ first, second }) => {
  const [left, other] = [{ path: first }, { path: second }];
  expect([other, left].toSorted(comparePaths)).toEqual([left, other]);
  expect([left, other].toSorted(comparePaths)).toEqual([left, other]);
});

test('comparePaths keeps the order of paths with the same kinds of segments', () => {
  const paths = [{ path: '/b/:id' }, { path: '/a/:id' }];
  expect(paths.toSorted(comparePaths)).toEqual(paths);
});
