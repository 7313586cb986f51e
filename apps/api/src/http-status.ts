/** AppError codes that clients can meet, with their HTTP status; listed in docs/errors.md. Every other error is a 500. */
export const httpStatus: Readonly<Record<string, number>> = {
  'invalid-request': 400,
  'not-json': 400,
  unauthenticated: 401,
  forbidden: 403,
  'unknown-route': 404,
  'unknown-provider': 404,
  'unknown-connection': 404,
  'unknown-export': 404,
  'export-already-running': 409,
  'connection-in-use': 409,
  'body-too-large': 413,
  'not-available': 501,
  unavailable: 503,
  'capabilities-unknown': 503,
};
