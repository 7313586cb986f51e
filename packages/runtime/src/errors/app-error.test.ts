import { expect, test } from '@jest/globals';
import { AppError } from './app-error.ts';

test('an AppError keeps its code, its cause and its retry advice', () => {
  const cause = new Error('socket hang up');
  const error = new AppError({ code: 'unavailable', message: 'The connection was lost.', retry: 'later', cause });
  expect(error).toMatchObject({ name: 'AppError', code: 'unavailable', retry: 'later' });
  expect(error.cause).toBe(cause);
  expect(new AppError({ code: 'internal', message: 'It failed.', retry: 'never' })).not.toHaveProperty('cause');
});
