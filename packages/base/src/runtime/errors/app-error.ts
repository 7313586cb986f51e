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

/**
 * The codes of all features. Each `errors.ts` adds those of its table, so a misspelt code does not compile, neither where it is thrown
 * nor where it is compared.
 */
// biome-ignore lint/suspicious/noEmptyInterface: each `errors.ts` adds its codes.
export interface ErrorCodes {}
export type ErrorCode = keyof ErrorCodes;

/** The same for the codes of warnings. */
// biome-ignore lint/suspicious/noEmptyInterface: each `errors.ts` adds its codes.
export interface WarningCodes {}
export type WarningCode = keyof WarningCodes;

export interface AppErrorOptions {
  readonly code: ErrorCode;
  /** Says what happened and what to do. */
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
  readonly code: ErrorCode;
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
