import { AppError } from '@bulkhead/base';
import { runError } from './errors.ts';

export function recordGone(): never {
  throw runError('record-gone');
}

/** For a run that is cancelled: it has ended or was deleted in the meantime, so there is nothing to cancel. @throws any other error */
export function ignoreIfEnded(error: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'export-ended' && code !== 'sync-ended' && code !== 'record-gone') throw error;
}
