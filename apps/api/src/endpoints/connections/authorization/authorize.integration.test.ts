import { expect, test } from '@jest/globals';
import { startApi } from '../../../testing/start-api.ts';

const path = '/api/ehr/athenahealth/authorize';
const client = { ATHENAHEALTH_CLIENT_ID: 'client-1', ATHENAHEALTH_CLIENT_SECRET: 'planted-client-secret-8d1f' };

test('authorizing without a redirect URI returns an error that names the setting', async () => {
  await using api = await startApi({ env: client });
  const answer = await api.request('POST', path, { body: {} });
  expect(answer.status).toBe(409);
  expect(answer.body.error).toEqual({
    code: 'redirect-uri-missing',
    message: expect.stringContaining('ATHENAHEALTH_REDIRECT_URI'),
  });
});

test('an authorization with an https callback accepts only a cookie that no other host can set', async () => {
  await using api = await startApi({
    env: { ...client, ATHENAHEALTH_REDIRECT_URI: 'https://app.example/api/ehr/callback' },
  });
  const { body } = await api.request('POST', path, { body: { practiceId: '1' } });
  const startUrl = new URL(body.data.startUrl);
  expect(startUrl.origin + startUrl.pathname).toBe('https://app.example/api/ehr/authorize/start');
  const [id = ''] = (startUrl.searchParams.get('token') ?? '').split('.');
  // A worker would store these.
  const endpoints = { authorizationEndpoint: 'https://ehr.example/authorize', namesIssuer: false };
  await api.store.authorizationRequests.saveEndpoints({ id, endpoints });
  const response = await fetch(api.baseUrl + startUrl.pathname + startUrl.search, { redirect: 'manual' });
  expect([response.status, response.headers.get('cache-control')]).toEqual([302, 'no-store']);
  const [cookie = ''] = response.headers.getSetCookie();
  expect(cookie).toMatch(
    new RegExp(`^__Host-bulkhead-${id}=[\\w-]{43}; Max-Age=600; Path=/; .*HttpOnly; Secure; SameSite=Lax$`),
  );
  const stored = JSON.stringify(await api.store.authorizationRequests.find(id));
  const [, secret = ''] = /=([\w-]{43})/.exec(cookie) ?? [];
  expect(stored).not.toContain(secret);
  // Another host of the domain can set a cookie without the prefix.
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  const callback = `${api.baseUrl}/api/ehr/callback?code=c&state=${searchParams.get('state')}`;
  const returns = (name: string) =>
    fetch(callback, { headers: { cookie: `${name}=${secret}`, accept: 'application/json' } });
  expect(await (await returns(`bulkhead-${id}`)).json()).toMatchObject({ error: { code: 'authorization-unknown' } });
  const ownRequest = await api.store.authorizationRequests.find(id);
  expect(ownRequest?.phase).not.toBe('redeeming');
  api.expectNoSecretInAnswers();
});
