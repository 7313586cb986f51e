import { ApiError, type ErrorDetails } from './api-error.ts';

interface FetchResult<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** @returns what the API answered. @throws ApiError with the API's own words */
export function answerOf<Data>({ data, error, response }: FetchResult<Data>): NonNullable<Data> {
  if (response.ok) return data as NonNullable<Data>;
  throw errorOf({ status: response.status, body: error });
}

/** @param options.body of an error answer: the API's envelope, or whatever stands in front of it has sent */
export function errorOf({ status, body }: { readonly status: number; readonly body: unknown }): ApiError {
  const { error = {} } = (body ?? {}) as { error?: { code?: string; message?: string; details?: ErrorDetails } };
  const { code = `status-${status}`, message = 'The API gave no reason.', details } = error;
  return new ApiError({ status, code, message, details });
}
