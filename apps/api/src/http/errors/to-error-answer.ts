import { AppError } from '@bulkhead/runtime';
import { isStoreUnavailable } from '@bulkhead/store';
import { httpStatus } from './http-status.ts';

/** What a client is told of an error. */
export function toErrorAnswer(error: unknown) {
  const { code, message, context, retry } = toAppError(error);
  const status = (httpStatus as Readonly<Record<string, number>>)[code] ?? 500;
  return { status, code, retry, view: toErrorView({ code, message, context }, status) };
}

function toErrorView({ code, message, context }: Pick<AppError, 'code' | 'message' | 'context'>, status: number) {
  if (status === 500) {
    return { code: 'internal', message: 'Something went wrong on our side. The log has the id in X-Request-Id.' };
  }
  const { details = context } = context;
  // Ids such as the running export's, and what became of a sync; of an outage there is nothing that a client could use.
  const isShown = (status < 500 || status === 502) && Object.keys(details as object).length > 0;
  return { code, message, ...(isShown ? { details } : {}) };
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const fromBody = bodyError((error ?? {}) as { type?: unknown; limit?: number });
  if (fromBody) return new AppError({ ...fromBody, retry: 'never', cause: error });
  if (error instanceof URIError) {
    return new AppError({
      code: 'invalid-request',
      message: 'The address is not valid: behind a "%" stand the two hexadecimal digits of a byte of UTF-8.',
      retry: 'never',
    });
  }
  if (isStoreUnavailable(error)) {
    return new AppError({
      code: 'unavailable',
      message: 'The database is away, so nothing was accepted. Send the request again in some seconds.',
      retry: { afterMs: 5000 },
      cause: error,
    });
  }
  return new AppError({ code: 'internal', message: 'unexpected', retry: 'never', cause: error });
}

/** What Express' body parser reports. */
function bodyError({ type, limit = 0 }: { readonly type?: unknown; readonly limit?: number }) {
  if (type === 'entity.too.large') {
    const message = `The body is over ${Math.round(limit / 1024)} KB. No request to this address needs that much.`;
    return { code: 'body-too-large', message };
  }
  const isUnreadable = typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type);
  return isUnreadable
    ? { code: 'not-json', message: 'The body is no JSON object. Send one, with Content-Type: application/json.' }
    : undefined;
}
