import { expect, test } from '@jest/globals';
import { isInScope } from './connection-scope.ts';

test('a connection is in scope if it is listed, or if all are', () => {
  expect(isInScope('all', 'conn_1')).toBe(true);
  expect(isInScope(['conn_2', 'conn_1'], 'conn_1')).toBe(true);
  expect(isInScope(['conn_2'], 'conn_1')).toBe(false);
});
