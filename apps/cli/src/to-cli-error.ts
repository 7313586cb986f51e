import { ApiError } from '@bulkhead/client';
import { CliError, type ExitCode, exitCodes } from './exit-codes.ts';

/** Converts an error of the API to a message and an exit code. Other errors are returned unchanged. */
export function toCliError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const { status, code, message, details, cause } = error;
  if (status === 0) {
    return new CliError({
      message: `${message} Verify --url (BULKHEAD_URL), and that the API is running.`,
      exitCode: exitCodes.unavailable,
      error: { code, cause: String(cause) },
    });
  }
  const faults = Array.isArray(details)
    ? details.map((detail) => `\n  ${detail.path}: ${detail.message}`).join('')
    : '';
  return new CliError({
    message: `${message}${faults}`,
    exitCode: exitCodeOf(status),
    error: { code, message, details },
  });
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.refused;
  if (status === 404 || status === 410) return exitCodes.unknown;
  if (status === 409 || status === 422) return exitCodes.conflict;
  if (status === 429 || status >= 500) return exitCodes.unavailable;
  return exitCodes.usage;
}
