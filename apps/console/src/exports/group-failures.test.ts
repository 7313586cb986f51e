import { expect, test } from '@jest/globals';
import { groupFailures } from './group-failures.ts';

test('failures are told once by their code, the most frequent first', () => {
  const failure = (code: string, message = code) => ({ error: { code, message } });
  const files = [failure('a', 'first'), {}, failure('b'), failure('a', 'second')];
  expect(groupFailures(files)).toEqual([
    { code: 'a', message: 'first', count: 2 },
    { code: 'b', message: 'b', count: 1 },
  ]);
});
