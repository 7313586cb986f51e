import { expect, test } from '@jest/globals';
import { AppError } from './app-error.ts';
import { defineErrors } from './error-table.ts';
import { runtimeError } from './errors.ts';

test('an AppError keeps its code, its cause and its retry advice', () => {
  const cause = new Error('socket hang up');
  const error = new AppError({ code: 'unavailable', message: 'The connection was lost.', retry: 'later', cause });
  expect(error).toMatchObject({ name: 'AppError', code: 'unavailable', retry: 'later' });
  expect(error.cause).toBe(cause);
  expect(new AppError({ code: 'internal', message: 'It failed.', retry: 'never' })).not.toHaveProperty('cause');
});

test('a misspelt code does not compile, neither where it is thrown nor where it is compared', () => {
  // `pnpm check` fails if one of the next lines compiles.
  // @ts-expect-error
  const error = new AppError({ code: 'unavailabel', message: 'It failed.', retry: 'never' });
  // @ts-expect-error
  expect(error.code === 'unavailible').toBe(false);
  // @ts-expect-error
  expect(() => runtimeError('invalid-requests')).toThrow();
  const facts = { title: 'Unexpected error', advice: 'Search the log.', help: 'Search the log.' };
  // @ts-expect-error A code whose message contains values needs one.
  expect(defineErrors({ internal: facts })('internal').message).toBe('');
});

test('a code without a title and an advice for people does not compile', () => {
  // @ts-expect-error
  expect(defineErrors({ internal: { message: 'It failed.' } })('internal').message).toBe('It failed.');
});
