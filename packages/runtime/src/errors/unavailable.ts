import { AppError } from './app-error.ts';

/** HTTP 503: nothing was accepted. */
export function unavailable(cause: unknown): AppError {
  return new AppError({
    code: 'unavailable',
    message:
      'A server that this service depends on is away, so nothing was accepted. Send the request again in some seconds.',
    retry: { afterMs: 5000 },
    cause,
  });
}
