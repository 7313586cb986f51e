import { AppError } from '@bulkhead/runtime';

/** MongoDB's MaxTimeMSExpired. */
const timeExpired = 50;

/** @returns the error to throw for one that a search met. */
export function toSearchError(error: unknown): unknown {
  if ((error as { code?: unknown } | null)?.code !== timeExpired) return error;
  return new AppError({
    code: 'search-too-costly',
    message:
      'The search took the database too long and was stopped. Narrow it by patient, code or date, or leave _total out.',
    retry: 'never',
    cause: error,
  });
}
