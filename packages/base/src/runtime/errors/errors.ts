import { AppError } from './app-error.ts';
import { defineErrors } from './error-table.ts';

const serverUnavailable =
  'A server that this service depends on is unavailable, so nothing was accepted. Send the request again in a few seconds.';

/** The errors that any part of the system can have. */
export const runtimeError = defineErrors({
  'invalid-request': {
    title: 'The request is not valid',
    advice: 'Correct the fields that are listed and try again.',
    status: 400,
    message: 'The request is not valid. Correct what `details` lists and send it again.',
    details: [{ path: 'connectionId', message: 'is required' }],
    examples: [
      {
        message:
          'The URL contains an invalid percent encoding. Encode it as UTF-8: each byte is a "%" and two hexadecimal digits.',
      },
    ],
  },
  unavailable: {
    title: 'A server is unavailable',
    advice: 'Try again in a few seconds. If that does not help, see Workers and queues.',
    status: 503,
    retry: { afterMs: 5000 },
    message: 'The database is unavailable, so nothing was accepted. Send the request again in a few seconds.',
    examples: [{ message: serverUnavailable }],
  },
  internal: {
    title: 'Unexpected error',
    advice: 'Look for the cause in the logs, then try again.',
    status: 500,
    retry: 'later',
    message: "An unexpected error occurred. Look for its cause in the workers' log, then retry the export.",
    help: 'Search the log for the id in `X-Request-Id`.',
  },
});

declare module './app-error.ts' {
  interface ErrorCodes extends Record<keyof typeof runtimeError.table, true> {}
}

export interface Fault {
  /** The place in the request, such as `resourceTypes.0`. */
  readonly path: string;
  readonly message: string;
}

/** HTTP 400 with every fault of the request. The message of a single fault is that of the error. */
export function invalidRequest(faults: readonly Fault[]): AppError {
  const [first, ...others] = faults;
  const context = { context: { details: faults } };
  if (!first || others.length > 0) return runtimeError('invalid-request', context);
  const { path, message } = first;
  const subject = path === '' ? 'The body' : `\`${path}\``;
  const fault = sentence(`${subject} ${message}`);
  return runtimeError('invalid-request', { message: `${fault} Correct it and send the request again.`, ...context });
}

/** @returns the faults of an error that `invalidRequest` has made @throws any other error */
export function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof AppError && error.code === 'invalid-request') return error.context.details as readonly Fault[];
  throw error;
}

/** Ends a text with a full stop, unless it ends already. */
export function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** HTTP 503. Nothing was accepted. */
export function unavailable(cause: unknown): AppError {
  return runtimeError('unavailable', { message: serverUnavailable, cause });
}

/** For `catch` of a promise that fails if Redis does. */
export function throwUnavailable(cause: unknown): never {
  throw unavailable(cause);
}
