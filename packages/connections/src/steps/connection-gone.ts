import { AppError } from '@bulkhead/runtime';

/** The connection (or the export's record) that a step needs does not exist any more. */
export function connectionGone(): AppError {
  return new AppError({
    code: 'connection-gone',
    message: 'The connection of this export was deleted. Create it again and ask for a new export.',
    retry: 'never',
  });
}
