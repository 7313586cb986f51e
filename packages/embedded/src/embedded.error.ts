export type EmbeddedErrorCode =
  | 'NO_ROUTE'
  | 'DATA_IN_USE'
  | 'SERVER_DID_NOT_START'
  | 'COMMAND_FAILED'
  | 'COMMAND_NOT_FOUND';

/** An error for the user at the terminal. Its message says what happened and what to do. */
export class EmbeddedError extends Error {
  readonly code: EmbeddedErrorCode;

  constructor({ code, message, cause }: { code: EmbeddedErrorCode; message: string; cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'EmbeddedError';
    this.code = code;
  }
}
