import { expect, test } from '@jest/globals';
import { isInScope } from './scopes.ts';

test('a connection is in scope if the scope lists it or includes all connections', () => {
  expect(isInScope('all', 'conn_1')).toBe(true);
  expect(isInScope(['conn_2', 'conn_1'], 'conn_1')).toBe(true);
  expect(isInScope(['conn_2'], 'conn_1')).toBe(false);
});
