/** How the command ends; listed in docs/cli.md and by `bulkhead --help`. */
export const exitCodes = {
  ok: 0,
  /** What was asked for went wrong: an export that failed, a check of `doctor`. */
  failed: 1,
  /** The command itself is wrong. */
  usage: 2,
  /** The key is missing, refused, or not enough. */
  refused: 3,
  /** There is no such thing, or not any more. */
  unknown: 4,
  /** Nobody answered, or not now: try again later. */
  unavailable: 5,
  /** It does not go together with what is there. */
  conflict: 6,
  /** An export or a sync has completed, but something that was asked for is missing. */
  partial: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with one line that says what to do. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** As the API gave it, for `--json`. */
  readonly error: unknown;

  constructor({
    message,
    exitCode,
    error,
  }: { readonly message: string; readonly exitCode: ExitCode; readonly error?: unknown }) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.error = error;
  }
}
