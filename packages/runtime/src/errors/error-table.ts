import { z } from 'zod';
import { AppError, type AppErrorOptions, type ErrorCode, type RetryAdvice, type WarningCode } from './app-error.ts';

/*
 * Each feature has one table of its errors, in `errors.ts`. Everything else derives from the tables:
 *
 *     errors.ts --+--> ErrorCode: the codes that compile
 *                 +--> the message and the retry advice of what is thrown
 *                 +--> the HTTP status of responses
 *                 +--> docs/openapi.json: the error responses of each endpoint, with examples
 *                 +--> docs/errors.md
 */

/** A response with an error, for the OpenAPI document. */
export interface ErrorExample {
  readonly message: string;
  readonly details?: unknown;
  /** The ids of the endpoints that send this message. By default all endpoints that can return the code. */
  readonly of?: readonly string[];
}

/** The facts of an error code. */
export type ErrorFacts = {
  /** The HTTP status of a response with this error. An error without one is not meant for clients: they get a 500 that hides it. */
  readonly status?: number;
  /** Default: `never`. */
  readonly retry?: RetryAdvice;
  /** An example of the details of a response. */
  readonly details?: unknown;
  /** The ids of the endpoints that send `message`, see `ErrorExample`. */
  readonly of?: readonly string[];
  /** Responses with other messages. */
  readonly examples?: readonly ErrorExample[];
} & (
  | {
      /** Says what happened and what to do. */
      readonly message: string;
      /** What docs/errors.md says instead of the message. */
      readonly help?: string;
    }
  | {
      /** The message contains values, so each place that throws the error has its own. */
      readonly message?: undefined;
      readonly help: string;
    }
);

export type ErrorTable = Readonly<Record<string, ErrorFacts>>;

/** What each warning of a feature means, for docs/errors.md. */
export type WarningTable = Readonly<Record<string, string>>;

/** The code of a stored error. An earlier version may have stored one that no longer exists. */
export const errorCodeSchema = z.string() as unknown as z.ZodType<ErrorCode>;
export const warningCodeSchema = z.string() as unknown as z.ZodType<WarningCode>;

type Options = Partial<Omit<AppErrorOptions, 'code'>>;
/** An error without a message in its table needs one where it is thrown. */
type OptionsOf<Facts> = Facts extends { readonly message: string }
  ? [options?: Options]
  : [options: Options & { readonly message: string }];

/** Makes the errors of a feature: `throw exportError('export-gone')`. Options replace what the table says. */
interface ErrorFactory<Table> {
  <Code extends keyof Table & ErrorCode>(code: Code, ...[options]: OptionsOf<Table[Code]>): AppError;
  readonly table: Table;
}

export function defineErrors<const Table extends ErrorTable>(table: Table): ErrorFactory<Table> {
  const make = (code: ErrorCode, options?: Options) => {
    const { retry = 'never', message = '' } = table[code] as ErrorFacts;
    const error = new AppError({ retry, message, ...options, code });
    // The stack begins where the error is thrown.
    Error.captureStackTrace(error, make);
    return error;
  };
  return Object.assign(make, { table });
}
