/**
 * What a caller may do after an error:
 * - `never`: do not try again.
 * - `later`: try again with the usual backoff.
 * - `briefly`: the answer made no sense and only chance can change that, so try again a few times (`briefAttempts`).
 * - `afterMs`: wait this long. A wait does not count as an attempt.
 */
export type RetryAdvice = 'never' | 'later' | 'briefly' | { readonly afterMs: number };

/**
 * How often a request is sent if its answer makes no sense. One such answer can be chance; three in a row are the server's
 * behaviour.
 */
export const briefAttempts = 3;

export interface AppErrorOptions {
  /** Stable, and documented in docs/errors.md. Clients and tests compare it. */
  readonly code: string;
  /** Fixed text that says what happened and what to do. Values belong in `context`. */
  readonly message: string;
  readonly retry: RetryAdvice;
  /** Ids and numbers only, because this is logged and may be shown. Never a token, a URL with its query, or patient data. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** The EHR's own words, from `toEhrText`. Shown to operators only, never logged. */
  readonly ehrText?: string | undefined;
}

/**
 * The error class of the system. It is translated in exactly two places: the consumer wrapper turns it into BullMQ's errors, and
 * the API's error middleware turns it into HTTP responses.
 */
export class AppError extends Error {
  readonly code: string;
  readonly retry: RetryAdvice;
  readonly context: Readonly<Record<string, unknown>>;
  readonly ehrText: string | undefined;

  constructor({ code, message, retry, context = {}, cause, ehrText }: AppErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.retry = retry;
    this.context = context;
    this.ehrText = ehrText;
  }
}

/** An error after which nothing should be tried again. */
export function permanentError(options: Omit<AppErrorOptions, 'retry'>): AppError {
  return new AppError({ ...options, retry: 'never' });
}

export interface Fault {
  /** The place in the request, such as `resourceTypes.0`. */
  readonly path: string;
  readonly message: string;
}

/** HTTP 400 with every fault of the request. */
export function invalidRequest(faults: readonly Fault[]): AppError {
  return permanentError({
    code: 'invalid-request',
    message: 'The request is not valid. Correct what `details` lists and send it again.',
    context: { details: faults },
  });
}

/** HTTP 503. Nothing was accepted. */
export function unavailable(cause: unknown): AppError {
  return new AppError({
    code: 'unavailable',
    message:
      'A server that this service depends on is unavailable, so nothing was accepted. Send the request again in a few seconds.',
    retry: { afterMs: 5000 },
    cause,
  });
}
