import { expect, test } from '@jest/globals';
import { comparePaths } from './endpoint-router.ts';

test.each([
  { first: '/exports/events', second: '/exports/:id' },
  { first: '/connections/:id', second: '/:provider/documents' },
  { first: '/:type/_history', second: '/Binary/:id' },
  { first: '/:type/:id/_history', second: '/Patient/:id/:other' },
  { first: '/:provider/exports/events', second: '/:provider/exports/:id' },
])('$first is matched before $second', ({ first, second }) => {
  const [firstEndpoint, secondEndpoint] = [{ path: first }, { path: second }];
  expect([secondEndpoint, firstEndpoint].toSorted(comparePaths)).toEqual([firstEndpoint, secondEndpoint]);
  expect([firstEndpoint, secondEndpoint].toSorted(comparePaths)).toEqual([firstEndpoint, secondEndpoint]);
});

test('comparePaths keeps the order of paths with the same kinds of segments', () => {
  const paths = [{ path: '/b/:id' }, { path: '/a/:id' }];
  expect(paths.toSorted(comparePaths)).toEqual(paths);
});
