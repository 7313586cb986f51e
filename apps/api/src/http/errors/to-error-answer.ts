import { AppError, permanentError } from '@bulkhead/runtime';
import { isStoreUnavailable } from '@bulkhead/store';

/** Converts an error to the response that a client gets. */
export function toErrorAnswer(error: unknown) {
  const { code, message, context, retry } = toAppError(error);
  const status = (httpStatus as Readonly<Record<string, number>>)[code] ?? 500;
  return { status, code, retry, view: toErrorView({ code, message, context }, status) };
}

function toErrorView({ code, message, context }: Pick<AppError, 'code' | 'message' | 'context'>, status: number) {
  if (status === 500) {
    return { code: 'internal', message: 'The server failed unexpectedly. Search the log for the id in X-Request-Id.' };
  }
  const { details = context } = context;
  // Details are ids, such as that of the running export, and results of a sync. Details of an outage are of no use to a client.
  const isShown = (status < 500 || status === 502) && Object.keys(details as object).length > 0;
  return { code, message, ...(isShown ? { details } : {}) };
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const fromBody = bodyError((error ?? {}) as { type?: unknown; limit?: number });
  if (fromBody) return permanentError({ ...fromBody, cause: error });
  if (error instanceof URIError) {
    return permanentError({
      code: 'invalid-request',
      message:
        'The address contains an invalid percent encoding. Encode it as UTF-8: each byte is a "%" and two hexadecimal digits.',
    });
  }
  if (isStoreUnavailable(error)) {
    return new AppError({
      code: 'unavailable',
      message: 'The database is unavailable, so nothing was accepted. Send the request again in a few seconds.',
      retry: { afterMs: 5000 },
      cause: error,
    });
  }
  return permanentError({ code: 'internal', message: 'unexpected', cause: error });
}

/** Errors of the body parser of Express. */
function bodyError({ type, limit = 0 }: { readonly type?: unknown; readonly limit?: number }) {
  if (type === 'entity.too.large') {
    const message = `The body is larger than ${Math.round(limit / 1024)} KB, the limit of this address. Send a smaller body.`;
    return { code: 'body-too-large', message };
  }
  const isUnreadable = typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type);
  return isUnreadable
    ? {
        code: 'not-json',
        message: 'The body is not a JSON object. Send a JSON object with Content-Type: application/json.',
      }
    : undefined;
}

/** The codes of AppErrors that clients can get, with their HTTP status. docs/errors.md lists them. All other errors are a 500. */
export const httpStatus = {
  'invalid-request': 400,
  'not-json': 400,
  'unknown-issuer': 400,
  'authorization-unknown': 400,
  'authorization-refused': 403,
  unauthenticated: 401,
  'api-key-expired': 401,
  'api-key-revoked': 401,
  forbidden: 403,
  'cross-site-request': 403,
  'unknown-route': 404,
  'unknown-provider': 404,
  'unknown-connection': 404,
  'unknown-export': 404,
  'unknown-file': 404,
  'unknown-line': 404,
  'unknown-run': 404,
  'unknown-delivery': 404,
  'unknown-schedule': 404,
  'unknown-signing-key': 404,
  'unknown-resource': 404,
  'unknown-document': 404,
  'unknown-api-key': 404,
  'unknown-erasure': 404,
  'unknown-process': 404,
  'method-not-allowed': 405,
  'export-already-running': 409,
  'connection-in-use': 409,
  'connection-exists': 409,
  'connection-name-taken': 409,
  'connection-of-patient': 409,
  'signing-key-in-use': 409,
  'not-authorizable': 409,
  'redirect-uri-missing': 409,
  'export-ended': 409,
  'sync-already-running': 409,
  'sync-ended': 409,
  'sync-cancelled': 409,
  'idempotency-key-in-use': 409,
  'answer-not-repeated': 409,
  'nothing-to-retry': 409,
  'document-not-stored': 409,
  'last-operator-key': 409,
  'line-truncated': 409,
  'line-not-kept': 410,
  'line-erased': 410,
  'resource-deleted': 410,
  'history-expired': 410,
  'authorization-used': 410,
  'body-too-large': 413,
  'range-not-satisfiable': 416,
  'idempotency-key-reused': 422,
  'sync-incomplete': 502,
  'authorization-failed': 502,
  'search-too-costly': 422,
  'too-many-requests': 429,
  unavailable: 503,
  'capabilities-unknown': 503,
  'connection-test-pending': 503,
  'authorization-pending': 503,
  'audit-unavailable': 503,
  'console-not-built': 503,
} as const satisfies Readonly<Record<string, number>>;
