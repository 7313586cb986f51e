import { z } from 'zod';
import { AppError, type AppErrorOptions, type ErrorCode, type RetryAdvice, type WarningCode } from './app-error.ts';

/*
 * Each feature has one table of its errors, in `errors.ts`. Everything else derives from the tables:
 *
 *     errors.ts --+--> ErrorCode: the codes that compile
 *                 +--> the message and the retry advice of what is thrown
 *                 +--> the HTTP status of responses
 *                 +--> openapi.json: the error responses of each endpoint, with examples
 *                 +--> docs/errors.md
 *                 +--> packages/client/src/code-texts.json: what the console and the command line show to people
 */

/** What people read instead of a code and of a message for programs. It names no field, no route and no code. */
export interface PeopleText {
  /** What is wrong, in a few words. */
  readonly title: string;
  /** What to do, or that nothing needs to be done. */
  readonly advice: string;
  /** Where the console offers to fix it: the form for credentials, or the quarantine of the run. */
  readonly fixedAt?: 'credentials' | 'quarantine';
}

/** A response with an error, for the OpenAPI document. */
export interface ErrorExample {
  readonly message: string;
  readonly details?: unknown;
  /** The ids of the endpoints that send this message. By default all endpoints that can return the code. */
  readonly of?: readonly string[];
}

/** The facts of an error code. */
export type ErrorFacts = PeopleText & {
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

/** The warnings of a feature, or other codes that are stored with a record. */
export type WarningTable = Readonly<Record<string, WarningFacts>>;

interface WarningFacts extends PeopleText {
  /** What docs/errors.md says. */
  readonly help: string;
}

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
