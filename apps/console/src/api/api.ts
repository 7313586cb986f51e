import { createClient, errorOf } from '@bulkhead/client';
import createQueries from 'openapi-react-query';
import { goToLogin } from '../session/go-to-login.ts';

/** The API, by the browser's cookie. Every error answer is thrown as an `ApiError`. */
export const client = createClient({ url: window.location.origin });

client.use({
  async onResponse({ response }) {
    if (response.ok) return;
    if (response.status === 401) goToLogin();
    throw errorOf({ status: response.status, body: await response.json().catch(() => undefined) });
  },
});

/** The same as hooks. */
export const api = createQueries(client);
