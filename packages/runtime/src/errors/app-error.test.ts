import { expect, test } from '@jest/globals';
import { AppError } from './app-error.ts';

test('an AppError keeps its code, its cause and its retry advice', () => {
  const cause = new Error('socket hang up');
  const error = new AppError({ code: 'connection-lost', message: 'The connection was lost.', retry: 'later', cause });
  expect(error).toMatchObject({ name: 'AppError', code: 'connection-lost', retry: 'later' });
  expect(error.cause).toBe(cause);
  expect(new AppError({ code: 'x', message: 'It failed.', retry: 'never' })).not.toHaveProperty('cause');
});
