import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './api-types.ts';

export type ApiClient = Client<paths>;

/**
 * The API's operations, typed by its own document.
 * @param options.key left out in a browser, whose cookie says who asks
 */
export function createClient({ url, key }: { readonly url: string; readonly key?: string }): ApiClient {
  return createFetchClient<paths>({
    baseUrl: url,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    fetch: (request: Request) =>
      fetch(request).catch((cause: unknown) => {
        throw new ApiError({ status: 0, code: 'no-answer', message: `${url} does not answer.`, cause });
      }),
  });
}

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
