/** The exit codes, which docs/cli.md and `bulkhead --help` list. */
export const exitCodes = {
  ok: 0,
  /** The operation failed, for example an export, or a check of `doctor` that is critical. */
  failed: 1,
  /** The command or a value in it is invalid. */
  usage: 2,
  /** The API key is missing, was rejected, or lacks a permission. */
  refused: 3,
  /** The record does not exist or no longer exists. */
  unknown: 4,
  /** The API did not respond or is overloaded. Try again later. */
  unavailable: 5,
  /** The request conflicts with the current state. */
  conflict: 6,
  /** An export or a sync has completed, but requested data is missing. */
  partial: 7,
} as const;

export type Exit = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[Exit];

/** Ends the command with an exit code and a message that says what to do. */
export class CliError extends Error {
  readonly exit: Exit;
  /** The code of the API's error, or the name of the exit code. */
  readonly code: string;
  readonly details: unknown;

  constructor(exit: Exit, message: string, options: { readonly code?: string; readonly details?: unknown } = {}) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.code = options.code ?? exit;
    this.details = options.details;
  }
}
