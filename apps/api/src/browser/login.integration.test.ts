import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { fromOwnPage, logIn, postLogin } from '../testing/log-in.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi({ env: { TRUST_PROXY: 'loopback' } });
const operatorId = (await api.store.apiKeys.findByKey(api.operatorKey))?.id ?? '';
afterAll(() => api.stopAndCheckAnswers());

const look = (cookie: string, headers: Record<string, string> = {}) =>
  api.request('GET', '/api/ehr/api-keys', { authorization: null, headers: { cookie, ...headers } });
const change = (cookie: string, headers: Record<string, string>) =>
  api.request('DELETE', '/api/ehr/api-keys/key_none', { authorization: null, headers: { cookie, ...headers } });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

test('the login page needs no script and no inline style, and is never cached', async () => {
  const { status, text, headers } = await api.request('GET', '/login', { authorization: null });
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(text).toContain('<form method="post"');
  expect(text).not.toMatch(/<script|<style|style=|onload|http:/);
  const csp = headers.get('content-security-policy') ?? '';
  expect(csp).toContain("form-action 'self'");
  expect(csp).not.toContain('upgrade-insecure-requests');
  // With another policy a browser would send the form with `Origin: null`.
  expect(headers.get('referrer-policy')).toBe('same-origin');
  const style = await api.request('GET', '/login/style.css', { authorization: null });
  expect([style.status, style.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/css')]);
});

test('the login redirects only to pages of this server', async () => {
  const locationFor = async (next: string) =>
    (await postLogin({ api, key: api.operatorKey, next })).headers.get('location');
  expect(await locationFor('/admin/queues/queue/sync?page=2')).toBe('/admin/queues/queue/sync?page=2');
  for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '"><script>']) {
    expect(await locationFor(next)).toBe('/');
    const { text } = await api.request('GET', `/login?next=${encodeURIComponent(next)}`, { authorization: null });
    expect(text).not.toMatch(/evil|<script/);
  }
});

test('the login page reports an invalid key and creates no session', async () => {
  const { status, text, headers } = await postLogin({ api, key: 'bh_wrong' });
  expect([status, headers.getSetCookie()]).toEqual([401, []]);
  expect(text).toContain('role="alert"');
  expect(text).not.toContain('bh_wrong');
  const events = async () => (await api.request('GET', '/api/ehr/audit-events?action=session.login')).body.data;
  await waitFor(async () => (await events()).some(({ outcome }: { outcome: string }) => outcome === 'refused'));
});

test('a session is a random cookie that scripts and other sites cannot read, and is stored as a hash', async () => {
  const { status, headers } = await postLogin({ api, key: api.operatorKey });
  expect(status).toBe(303);
  const [cookie = ''] = headers.getSetCookie();
  expect(cookie).toMatch(/^bulkhead=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const [, id = ''] = /^bulkhead=([\w-]+)/.exec(cookie) ?? [];
  expect(await api.store.sessions.find({ id, now: new Date() })).toMatchObject({ keyId: operatorId });
  expect((await look(`bulkhead=${id}`)).status).toBe(200);
  expect((await look(`bulkhead=${id.slice(0, -1)}`)).status).toBe(401);
});

test('the cookie of a session that began over TLS is sent over TLS only, and no other host can set it', async () => {
  const secure = { ...fromOwnPage, 'x-forwarded-proto': 'https' };
  const { headers } = await postLogin({ api, key: api.operatorKey, headers: secure });
  const [cookie = ''] = headers.getSetCookie();
  expect(cookie).toMatch(/^__Host-bulkhead=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  const cookiePair = cookie.split(';', 1)[0] ?? '';
  expect((await look(cookiePair, { 'x-forwarded-proto': 'https' })).status).toBe(200);
  expect((await look(cookiePair)).status).toBe(401);
});

test('every login creates a new session and ends the previous one', async () => {
  const before = await logIn(api, api.operatorKey);
  const { headers } = await postLogin({ api, key: api.operatorKey, headers: { ...fromOwnPage, cookie: before } });
  const [after = ''] = headers.getSetCookie();
  expect(after.split(';', 1)[0]).not.toBe(before);
  expect((await look(before)).status).toBe(401);
  // A session id that another person has set in the browser is not used.
  const planted = await postLogin({
    api,
    key: api.operatorKey,
    headers: { ...fromOwnPage, cookie: 'bulkhead=planted' },
  });
  expect(planted.headers.getSetCookie()[0]).not.toContain('planted');
  expect((await look('bulkhead=planted')).status).toBe(401);
});

test('a session ends after 30 minutes without a request, and after 8 hours in any case', async () => {
  const begin = (minutes: number) => api.store.sessions.create({ keyId: operatorId, now: minutesAgo(minutes) });
  expect((await look(`bulkhead=${await begin(29)}`)).status).toBe(200);
  expect((await look(`bulkhead=${await begin(31)}`)).status).toBe(401);
  const busy = async (minutes: number) => {
    const id = await begin(minutes);
    await api.store.sessions.noteSeen({ id, lastSeenAt: minutesAgo(minutes), now: minutesAgo(1) });
    return look(`bulkhead=${id}`);
  };
  expect((await busy(8 * 60 - 1)).status).toBe(200);
  expect((await busy(8 * 60 + 1)).status).toBe(401);
});

test('a logout ends the session', async () => {
  const cookie = await logIn(api, api.operatorKey);
  const refused = await api.request('POST', '/logout', { authorization: null, headers: { cookie } });
  expect([refused.status, (await look(cookie)).status]).toEqual([403, 200]);
  const { status, headers } = await api.request('POST', '/logout', {
    authorization: null,
    headers: { ...fromOwnPage, cookie },
  });
  expect([status, headers.get('location')]).toEqual([303, '/login']);
  expect(headers.getSetCookie()[0]).toMatch(/^bulkhead=; .*Expires=Thu, 01 Jan 1970/);
  expect((await look(cookie)).status).toBe(401);
});

test('a session ends at once when its key is revoked or expires', async () => {
  const { apiKey, key } = await api.store.apiKeys.issue({ name: 'x', role: 'operator', now: new Date() });
  const cookie = await logIn(api, key);
  expect((await look(cookie)).status).toBe(200);
  await api.request('DELETE', `/api/ehr/api-keys/${apiKey.id}`);
  expect((await look(cookie)).status).toBe(401);
  expect(await api.store.sessions.find({ id: cookie.slice('bulkhead='.length), now: new Date() })).toBeUndefined();
  const now = new Date();
  const expired = await api.store.apiKeys.issue({ name: 'y', role: 'operator', expiresAt: now, now });
  const id = await api.store.sessions.create({ keyId: expired.apiKey.id, now });
  expect((await look(`bulkhead=${id}`)).status).toBe(401);
});

test('a session may do what its key may do, and no more', async () => {
  const cookie = await logIn(api, api.clientKey);
  expect((await look(cookie)).status).toBe(403);
  const connections = await api.request('GET', '/api/ehr/connections', { authorization: null, headers: { cookie } });
  expect(connections.status).toBe(200);
});

test('the audit log records a session from login to logout', async () => {
  const cookie = await logIn(api, api.operatorKey);
  await change(cookie, { 'sec-fetch-site': 'same-origin' });
  await api.request('POST', '/logout', { authorization: null, headers: { ...fromOwnPage, cookie } });
  const { body } = await api.request('GET', `/api/ehr/audit-events?actor=${operatorId}&limit=3`);
  expect(body.data).toMatchObject([
    { action: 'session.logout', outcome: 'success', actor: { kind: 'session', name: 'operator' } },
    { action: 'api-key.revoke', outcome: 'refused', actor: { kind: 'session', name: 'operator' } },
    { action: 'session.login', outcome: 'success', actor: { kind: 'session', name: 'operator' } },
  ]);
});

const apiUrl = () => new URL(api.baseUrl);
test.each([
  { what: 'from our own page', headers: () => ({ 'sec-fetch-site': 'same-origin' }), status: 404 },
  {
    what: 'from our own page, in a browser older than 2020',
    headers: () => ({ origin: apiUrl().origin }),
    status: 404,
  },
  { what: 'from another site', headers: () => ({ 'sec-fetch-site': 'cross-site' }), status: 403 },
  { what: 'from another host of the same site', headers: () => ({ 'sec-fetch-site': 'same-site' }), status: 403 },
  { what: 'from another origin', headers: () => ({ origin: 'https://evil.example' }), status: 403 },
  { what: 'from another port', headers: () => ({ origin: `http://${apiUrl().hostname}:1` }), status: 403 },
  { what: 'from a page without an origin', headers: () => ({ origin: 'null' }), status: 403 },
  { what: 'without any header that names its page', headers: () => ({}), status: 403 },
])('a change that a browser sends with its cookie $what returns $status', async ({ headers, status }) => {
  const cookie = await logIn(api, api.operatorKey);
  const answer = await change(cookie, headers() as Record<string, string>);
  expect(answer.refusal).toEqual([status, status === 403 ? 'cross-site-request' : 'unknown-api-key']);
});

test('a change with an API key needs no origin, because a program has none', async () => {
  const headers = { origin: 'https://evil.example', cookie: 'bulkhead=any' };
  expect((await api.request('DELETE', '/api/ehr/api-keys/key_none', { headers })).status).toBe(404);
});

test('the login refuses a form of another site, so that it cannot log in a user with the key of another person', async () => {
  const headers = { ...fromOwnPage, 'sec-fetch-site': 'cross-site' };
  const { status, headers: answered } = await postLogin({ api, key: api.operatorKey, headers });
  expect([status, answered.getSetCookie()]).toEqual([403, []]);
});
