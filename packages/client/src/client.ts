import createFetchClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './api-types.ts';
import type { clientError } from './errors.ts';

export type ApiClient = Client<paths>;

/**
 * Creates a client with the API's operations, typed by its OpenAPI document.
 * @param options.key omitted in a browser, where a cookie authenticates the user
 * @param options.fetch sends the requests, for example through a proxy
 */
export function createClient(options: {
  readonly url: string;
  readonly key?: string;
  readonly fetch?: typeof fetch;
}): ApiClient {
  const { url, key, fetch: send = fetch } = options;
  return createFetchClient<paths>({
    baseUrl: url,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    fetch: async (request: Request) => {
      const response = await send(request).catch((cause: unknown) => {
        throw new ApiError({
          status: 0,
          code: 'no-answer',
          message: `${url} did not respond. Check the URL and the network, and that the API is running.`,
          cause,
        });
      });
      if (response.ok && response.headers.get('content-type')?.startsWith('text/html')) throw notTheApi(url);
      return keepEmptyStream(response);
    },
  });
}

/** No operation of the API returns HTML. */
function notTheApi(url: string): ApiError {
  const message = `${url} returned a web page, so it is not the URL of Bulkhead's API. Check the URL.`;
  return new ApiError({ status: 0, code: 'no-answer', message });
}

/**
 * openapi-fetch returns no stream for a content of length 0, such as the NDJSON of a type without resources. Without the header it does.
 */
function keepEmptyStream(response: Response): Response {
  if (response.headers.get('content-length') !== '0') return response;
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return new Response(body, { status, statusText, headers });
}

export interface FetchResult<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** @returns the body of a successful response. @throws ApiError with the message of the API */
export function answerOf<Data>({ data, error, response }: FetchResult<Data>): NonNullable<Data> {
  if (response.ok) return data as NonNullable<Data>;
  throw errorOf({ status: response.status, body: error });
}

/** @param options.body of an error response: the API's envelope, or anything that a proxy in front of the API sent */
export function errorOf({ status, body }: { readonly status: number; readonly body: unknown }): ApiError {
  const { error = {} } = (body ?? {}) as { error?: { code?: ErrorCode; message?: string; details?: ErrorDetails } };
  const {
    code = `status-${status}` as const,
    message = 'The API returned an error without a reason. Check the proxies in front of the API.',
    details,
  } = error;
  return new ApiError({ status, code, message, details });
}

/** A code of the API, of this package (`clientError`), or the status of a proxy in front of the API. */
export type ErrorCode =
  | components['schemas']['Error']['error']['code']
  | keyof typeof clientError.table
  | `status-${number}`;

/** The faults of single fields, or other details of an error response. */
export type ErrorDetails = readonly { readonly path: string; readonly message: string }[] | object;

/**
 * An error response of the API, or an error without a response: `no-answer`, or the failure of an export or a sync (status 0). The
 * message is the API's own and says what to do.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor({
    status,
    code,
    message,
    details,
    cause,
  }: {
    readonly status: number;
    readonly code: ErrorCode;
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
