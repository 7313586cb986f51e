import type { ApiAnswer, TestApi } from './start-api.ts';

/** The headers that a browser sends with a form of our own pages. */
export const fromOwnPage = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };

/** Posts the login form. */
export function postLogin(options: {
  readonly api: TestApi;
  readonly key: string;
  readonly next?: string;
  readonly headers?: Readonly<Record<string, string>>;
}): Promise<ApiAnswer> {
  const { api, key, next, headers = fromOwnPage } = options;
  const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`;
  const body = new URLSearchParams({ key }).toString();
  return api.request('POST', `/login${query}`, { authorization: null, body, headers });
}

/** @returns the cookie of a new session, as a browser sends it back */
export async function logIn(api: TestApi, key: string): Promise<string> {
  const { headers } = await postLogin({ api, key });
  const [cookie = ''] = headers.getSetCookie();
  return cookie.split(';', 1)[0] ?? '';
}
