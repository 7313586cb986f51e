import { AppError, runtimeError, toKnownError } from '@bulkhead/base';
import { erasureError } from '@bulkhead/erasure';
import { isStoreUnavailable } from '@bulkhead/store';
import { apiError } from './errors.ts';
import { statusOf } from './http-errors.ts';

/** Converts an error to the response that a client gets. */
export function toErrorAnswer(error: unknown) {
  const { code, message, context, retry } = toAppError(error);
  const status = statusOf(code);
  return { status, code, retry, view: toErrorView({ code, message, context }, status) };
}

function toErrorView({ code, message, context }: Pick<AppError, 'code' | 'message' | 'context'>, status: number) {
  if (status === 500) {
    const hidden = 'The server failed unexpectedly. Search the log for the id in X-Request-Id.';
    return { code: 'internal' as const, message: hidden };
  }
  const { details = context } = context;
  // Details are ids, such as that of the running export, and results of a sync. Details of an outage are of no use to a client.
  const isShown = (status < 500 || status === 502) && Object.keys(details as object).length > 0;
  return { code, message, ...(isShown ? { details } : {}) };
}

function toAppError(error: unknown): AppError {
  // The connection was purged after the request had found it.
  if (error instanceof AppError && error.code === 'connection-erased') return erasureError('unknown-connection');
  if (error instanceof AppError) return error;
  const fromBody = bodyError(error);
  if (fromBody) return fromBody;
  if (error instanceof URIError) {
    return runtimeError('invalid-request', {
      message:
        'The URL contains an invalid percent encoding. Encode it as UTF-8: each byte is a "%" and two hexadecimal digits.',
    });
  }
  return isStoreUnavailable(error) ? runtimeError('unavailable', { cause: error }) : toKnownError(error);
}

/** Errors of the body parser of Express. */
function bodyError(cause: unknown): AppError | undefined {
  const { type, limit = 0 } = (cause ?? {}) as { readonly type?: unknown; readonly limit?: number };
  if (type === 'entity.too.large') {
    const message = `The body is larger than ${Math.round(limit / 1024)} KB, the limit of this URL. Send a smaller body.`;
    return apiError('body-too-large', { message, cause });
  }
  const isUnreadable = typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type);
  return isUnreadable ? apiError('not-json', { cause }) : undefined;
}
