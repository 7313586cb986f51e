export type EmbeddedErrorCode =
  | 'NO_ROUTE'
  | 'DATA_IN_USE'
  | 'SERVER_DID_NOT_START'
  | 'COMMAND_FAILED'
  | 'COMMAND_NOT_FOUND';

/** Something that the person at the terminal has to know; its message is written for them and says what to do. */
export class EmbeddedError extends Error {
  readonly code: EmbeddedErrorCode;

  constructor({ code, message, cause }: { code: EmbeddedErrorCode; message: string; cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'EmbeddedError';
    this.code = code;
  }
}
