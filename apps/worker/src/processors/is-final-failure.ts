import { AppError } from '@bulkhead/domain';

/** Whether no try follows a failed one. A wait that an error asks for does not use up a try, so the last is not over either. */
export function isFinalFailure({ error, isLastAttempt }: { readonly error: unknown; readonly isLastAttempt: boolean }) {
  const retry = error instanceof AppError ? error.retry : 'later';
  return retry === 'never' || (retry === 'later' && isLastAttempt);
}
