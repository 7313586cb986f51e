import { AppError, defineErrors } from '@bulkhead/base';

export const runError = defineErrors({
  'record-gone': {
    title: 'The record was deleted',
    advice: 'Nothing needs to be done. Its connection was erased.',
    message: 'The record was deleted in the meantime.',
    help: 'A record of an erased connection was deleted in the meantime. The erasure continues.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof runError.table, true> {}
}

export function recordGone(): never {
  throw runError('record-gone');
}

/** For a run that is cancelled: it has ended or was deleted in the meantime, so there is nothing to cancel. @throws any other error */
export function ignoreIfEnded(error: unknown): void {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'export-ended' && code !== 'sync-ended' && code !== 'record-gone') throw error;
}
