/** What an error answer says of single fields, or otherwise of its reason. */
export type ErrorDetails = readonly { readonly path: string; readonly message: string }[] | object;

/** An error answer of the API, or none at all (`no-answer`, status 0). The message is the API's own and says what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: ErrorDetails | undefined;

  constructor({
    status,
    code,
    message,
    details,
    cause,
  }: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly details?: ErrorDetails | undefined;
    readonly cause?: unknown;
  }) {
    super(message, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
