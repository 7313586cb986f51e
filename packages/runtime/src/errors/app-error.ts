/**
 * What a caller may do after an error: never try again; try again with the usual backoff; try again a few times
 * (`briefly`, see `briefAttempts`), because the answer made no sense and only chance can change that; or wait, which is not
 * an attempt.
 */
export type RetryAdvice = 'never' | 'later' | 'briefly' | { readonly afterMs: number };

/** Attempts in all for an answer that makes no sense: one may be chance, three in a row are how the server is. */
export const briefAttempts = 3;

export interface AppErrorOptions {
  /** Stable and documented in docs/errors.md; clients and tests compare it. */
  readonly code: string;
  /** Static text that says what happened and what to do; values belong in `context`. */
  readonly message: string;
  readonly retry: RetryAdvice;
  /** Ids and numbers only: this is logged and may be shown. Never a token, a URL with its query, or patient data. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** What the EHR said, from `toEhrText`: shown to operators only, never logged. */
  readonly ehrText?: string | undefined;
}

/**
 * The one error of the system. It is translated in exactly two places: to BullMQ's errors in the consumer wrapper and to
 * HTTP in the API's error middleware.
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

export interface Fault {
  /** Where in the request, such as `resourceTypes.0`. */
  readonly path: string;
  readonly message: string;
}

/** HTTP 400, with every fault. */
export function invalidRequest(faults: readonly Fault[]): AppError {
  return new AppError({
    code: 'invalid-request',
    message: 'The request is not valid. Correct what `details` lists and send it again.',
    retry: 'never',
    context: { details: faults },
  });
}

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
