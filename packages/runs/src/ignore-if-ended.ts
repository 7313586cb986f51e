import { AppError, permanentError } from '@bulkhead/runtime';

export function recordGone(): never {
  throw permanentError({ code: 'record-gone', message: 'The record was deleted in the meantime.' });
}

/** For a run that is cancelled: it has ended or was deleted in the meantime, so there is nothing to cancel. @throws any other error */
export function ignoreIfEnded(error: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'export-ended' && code !== 'sync-ended' && code !== 'record-gone') throw error;
}
