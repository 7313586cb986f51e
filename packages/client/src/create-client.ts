import createFetchClient, { type Client } from 'openapi-fetch';
import { ApiError } from './api-error.ts';
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
