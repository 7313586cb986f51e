import { AppError } from '@bulkhead/domain';

/**
 * Whether no try follows a failed one. A wait that an error asks for does not use up a try, so the last is not over either;
 * one that was cut off is somebody else's.
 */
export function isFinalFailure(options: {
  readonly error: unknown;
  readonly isLastAttempt: boolean;
  readonly signal: AbortSignal;
}): boolean {
  const { error, isLastAttempt, signal } = options;
  const retry = error instanceof AppError ? error.retry : 'later';
  return !signal.aborted && (retry === 'never' || (retry === 'later' && isLastAttempt));
}
