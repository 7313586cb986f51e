import { waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { startApi } from '../testing/start-api.ts';
import { logInAt, startIdentityProvider } from '../testing/start-identity-provider.ts';

// The provider warns that its settings are for tests.
for (const level of ['warn', 'info'] as const) jest.spyOn(console, level).mockImplementation(() => undefined);

const accounts = {
  ann: { name: 'Ann Admin', roles: ['staff', 'bulkhead-admin', 'bulkhead-viewer'] },
  otto: { name: 'Otto Operator', roles: ['bulkhead-operator'] },
  vera: { name: 'Vera Viewer', roles: 'bulkhead-viewer' },
  nobody: { name: 'No Body', roles: ['staff'] },
};
let baseUrl = '';
const provider = await startIdentityProvider({ accounts, redirectUri: () => `${baseUrl}/login/callback` });
const api = await startApi({
  env: {
    API_OIDC_ISSUER: provider.issuer,
    API_OIDC_CLIENT_ID: provider.clientId,
    API_OIDC_CLIENT_SECRET: provider.clientSecret,
    API_KEY_LOGIN: 'off',
  },
});
baseUrl = api.baseUrl;
afterAll(async () => {
  await api.stopAndCheckAnswers();
  await provider.stop();
});

/** Logs in, and sends requests of the console's pages. */
async function enter(account: string) {
  const { browser, text } = await logInAt({ baseUrl, account, next: '/exports?x=1' });
  expect(text).toContain('content="0; url=/exports?x=1"');
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  return (method: string, path: string, body?: object) =>
    api.request(method, path, { authorization: null, headers, ...(body === undefined ? {} : { body }) });
}

test('a person logs in at the identity provider, and the audit log names the person', async () => {
  const send = await enter('ann');
  expect((await send('GET', '/api/ehr/session')).body.data).toMatchObject({
    apiKeyId: expect.stringMatching(/^user_[0-9a-f]{32}$/),
    name: 'Ann Admin',
    role: 'operator',
    personRole: 'admin',
    via: 'session',
  });
  const { status } = await send('POST', '/api/ehr/api-keys', { name: 'made by Ann', role: 'client' });
  expect(status).toBe(201);
  const { data } = (await send('GET', '/api/ehr/audit-events?action=api-key.create&limit=1')).body;
  expect(data[0].actor).toMatchObject({ kind: 'session', name: 'Ann Admin', role: 'admin' });
  const logins = (await send('GET', '/api/ehr/audit-events?action=session.login&limit=1')).body.data;
  expect(logins[0]).toMatchObject({ outcome: 'success', actor: { name: 'Ann Admin' } });
  expect((await send('POST', '/logout')).status).toBe(303);
  expect((await send('GET', '/api/ehr/session')).status).toBe(401);
});

describe('the roles', () => {
  test('an operator changes connections and schedules, but neither keys nor credentials nor what is stored', async () => {
    const send = await enter('otto');
    const connectionId = await api.createConnection();
    expect((await send('PATCH', `/api/ehr/connections/${connectionId}`, { name: 'By Otto' })).status).toBe(200);
    expect((await send('GET', '/api/ehr/api-keys')).status).toBe(200);
    const dismissed = await send('POST', '/api/ehr/quarantine/dismiss', { runId: 'job_none' });
    expect(dismissed.refusal).toEqual([404, 'unknown-export']);
    for (const [method, path, body] of [
      ['POST', '/api/ehr/api-keys', { name: 'x', role: 'client' }],
      ['POST', '/api/ehr/signing-keys', { alg: 'RS384' }],
      ['DELETE', `/api/ehr/connections/${connectionId}?data=purge`, undefined],
    ] as const) {
      const { refusal, body: answer } = await send(method, path, body);
      expect([refusal, answer.error.message]).toEqual([
        [403, 'role-not-sufficient'],
        expect.stringContaining('Ask an admin'),
      ]);
    }
  });

  test('a viewer reads and changes nothing', async () => {
    const send = await enter('vera');
    const connectionId = await api.createConnection();
    expect((await send('GET', `/api/ehr/connections/${connectionId}`)).status).toBe(200);
    const started = await send('POST', '/api/ehr/athenahealth/bulk-export', { connectionId });
    expect(started.refusal).toEqual([403, 'role-not-sufficient']);
    const { refusal, body } = await send('GET', '/api/ehr/api-keys');
    expect(refusal).toEqual([403, 'forbidden']);
    expect(body.error.message).toBe('This is for operators, and your role is viewer. Ask an operator.');
    expect((await send('GET', '/api/ehr/quarantine')).status).toBe(200);
    const dismissed = await send('POST', '/api/ehr/quarantine/dismiss', { runId: 'job_none' });
    expect(dismissed.refusal).toEqual([403, 'forbidden']);
    expect((await send('GET', '/api/ehr/quarantine/none/line')).refusal).toEqual([403, 'forbidden']);
    expect((await send('GET', '/api/ehr/connections/counts')).body.data.health).toBe('critical');
    expect((await send('PUT', '/admin/queues/api/queues/sync/pause')).status).toBe(403);
  });

  test('a viewer searches by POST, sends a view, and may end an export of the store', async () => {
    const send = await enter('vera');
    const connectionId = await api.createConnection();
    const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
    const searched = await send('POST', `${base}/Patient/_search`);
    expect([searched.status, searched.body.resourceType]).toEqual([200, 'Bundle']);
    const view = { resource: 'Patient', select: [{ column: [{ name: 'id', path: 'id', type: 'id' }] }] };
    const table = await send('POST', `/api/ehr/athenahealth/tables?connectionId=${connectionId}`, view);
    expect([table.status, table.text]).toEqual([200, '']);
    expect((await send('DELETE', `${base}/bulkstatus/none`)).status).toBe(404);
  });

  test('a person without a role is not let in, and the refusal is in the audit log', async () => {
    const { browser, status, text } = await logInAt({ baseUrl, account: 'nobody' });
    expect([status, browser.cookies.has('bulkhead')]).toEqual([403, false]);
    expect(text).toContain('you have no role here');
    await waitFor(async () => {
      const { data } = (await api.request('GET', '/api/ehr/audit-events?action=session.login')).body;
      return data.some(({ code }: { code?: string }) => code === 'login-without-role');
    });
  });
});

describe('sessions', () => {
  test('an admin lists the sessions and ends one, which refuses the next request and is audited', async () => {
    const [ann, otto] = [await enter('ann'), await enter('otto')];
    const { data } = (await ann('GET', '/api/ehr/sessions')).body;
    const session = data.find(({ name }: { name: string }) => name === 'Otto Operator');
    expect(session).toMatchObject({
      role: 'operator',
      personRole: 'operator',
      apiKeyId: expect.stringMatching(/^user_/),
    });
    const path = `/api/ehr/sessions/${session.id}`;
    expect((await otto('DELETE', path)).refusal).toEqual([403, 'role-not-sufficient']);
    expect((await ann('DELETE', path)).status).toBe(204);
    expect((await otto('GET', '/api/ehr/session')).status).toBe(401);
    expect((await ann('DELETE', path)).refusal).toEqual([404, 'unknown-session']);
    const [event] = (await ann('GET', '/api/ehr/audit-events?action=session.end&outcome=success&limit=1')).body.data;
    expect(event).toMatchObject({ actor: { name: 'Ann Admin' }, target: { id: session.id } });
  });

  test('the id in the list opens no session', async () => {
    const ann = await enter('ann');
    const { data } = (await ann('GET', '/api/ehr/sessions')).body;
    for (const { id } of data) {
      const headers = { cookie: `bulkhead=${id}` };
      expect((await api.request('GET', '/api/ehr/session', { authorization: null, headers })).status).toBe(401);
    }
  });

  test('with API_KEY_LOGIN=off a session that began with a key has ended', async () => {
    const [{ id: keyId } = { id: '' }] = await api.store.apiKeys.list();
    const id = await api.store.sessions.create({ keyId, now: new Date() });
    const headers = { cookie: `bulkhead=${id}` };
    expect((await api.request('GET', '/api/ehr/session', { authorization: null, headers })).status).toBe(401);
    const listed = (await (await enter('ann'))('GET', '/api/ehr/sessions')).body.data;
    expect(listed.filter(({ apiKeyId }: { apiKeyId: string }) => apiKeyId === keyId)).toEqual([]);
  });
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const partsOf = (token: string) => token.split('.') as [string, string, string];
const claimsOf = (token: string) => JSON.parse(Buffer.from(partsOf(token)[1], 'base64url').toString());
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Logs in at a provider whose ID tokens are changed. */
async function logInWith(tamper: NonNullable<Parameters<typeof startIdentityProvider>[0]['tamper']>) {
  let url = '';
  const own = await startIdentityProvider({ accounts, tamper, redirectUri: () => `${url}/login/callback` });
  const other = await startApi({
    env: {
      API_OIDC_ISSUER: own.issuer,
      API_OIDC_CLIENT_ID: own.clientId,
      API_OIDC_CLIENT_SECRET: own.clientSecret,
    },
  });
  url = other.baseUrl;
  const { browser, status } = await logInAt({ baseUrl: url, account: 'vera' });
  await other.stop();
  await own.stop();
  return { status, hasSession: browser.cookies.has('bulkhead') };
}

describe('an ID token that the provider did not sign', () => {
  test.each([
    {
      what: 'another signature',
      tamper: (token: string) => {
        const [header, claims, signature] = partsOf(token);
        return [header, claims, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join('.');
      },
    },
    {
      what: 'another role',
      tamper: (token: string) => {
        const [header, , signature] = partsOf(token);
        return [header, encode({ ...claimsOf(token), roles: 'bulkhead-admin' }), signature].join('.');
      },
    },
    {
      what: 'no signature',
      tamper: (token: string) => `${encode({ alg: 'none' })}.${encode(claimsOf(token))}.`,
    },
  ])('is refused with $what', async ({ tamper }) => {
    expect(await logInWith(tamper)).toEqual({ status: 401, hasSession: false });
  });
});

describe('an ID token that the provider signed for another purpose', () => {
  test('is accepted if nothing of it is changed', async () => {
    expect(await logInWith((token, sign) => sign(claimsOf(token)))).toEqual({ status: 200, hasSession: true });
  });

  test.each([
    { what: 'another client', claims: () => ({ aud: 'another-client' }) },
    { what: 'another login', claims: () => ({ nonce: 'of-another-login' }) },
    { what: 'no login', claims: () => ({ nonce: undefined }) },
    { what: 'another issuer', claims: () => ({ iss: 'https://login.example.org' }) },
    { what: 'an earlier hour', claims: () => ({ iat: nowSeconds() - 7200, exp: nowSeconds() - 3600 }) },
    { what: 'a later hour', claims: () => ({ nbf: nowSeconds() + 3600 }) },
  ])('is refused if it is for $what', async ({ claims }) => {
    const tampered = await logInWith((token, sign) => sign({ ...claimsOf(token), ...claims() }));
    expect(tampered).toEqual({ status: 401, hasSession: false });
  });
});

describe('a login that is not what was started', () => {
  const callback = async (cookie: string, query: string) =>
    api.request('GET', `/login/callback?${query}`, { authorization: null, headers: { cookie }, accept: 'text/html' });

  test('a callback without the cookie of its browser, or with another state, starts no session', async () => {
    const without = await callback('', 'code=1&state=2');
    expect([without.status, without.headers.getSetCookie().join()]).toEqual([
      400,
      expect.not.stringContaining('bulkhead='),
    ]);
    const forged = await callback('bulkhead-login=a%20b%20c%20%2F', 'code=1&state=other');
    expect(forged.status).toBe(401);
    const denied = await callback(
      'bulkhead-login=a%20b%20c%20%2F',
      `error=access_denied&state=a&iss=${provider.issuer}`,
    );
    expect(denied.status).toBe(401);
    expect([...forged.headers.getSetCookie(), ...denied.headers.getSetCookie()].join()).not.toMatch(/bulkhead=[^;]/);
  });

  test('the login leads to no other server', async () => {
    const { text } = await logInAt({ baseUrl, account: 'ann', next: 'https://evil.example' });
    expect(text).toContain('content="0; url=/"');
  });
});

test('with API_KEY_LOGIN=off the page asks for no key, and a key opens no session', async () => {
  const page = await api.request('GET', '/login', { authorization: null });
  expect(page.text).toContain('href="/login/start?next=%2F"');
  expect(page.text).not.toContain('name="key"');
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
  const posted = await api.request('POST', '/login', { authorization: null, headers, body: `key=${api.operatorKey}` });
  expect([posted.status, posted.headers.getSetCookie()]).toEqual([403, []]);
});

test('roles are also read from the UserInfo endpoint, and the page says so if the provider does not answer', async () => {
  let url = '';
  const own = await startIdentityProvider({
    accounts,
    hasRolesInIdToken: false,
    redirectUri: () => `${url}/login/callback`,
  });
  const env = {
    API_OIDC_ISSUER: own.issuer,
    API_OIDC_CLIENT_ID: own.clientId,
    API_OIDC_CLIENT_SECRET: own.clientSecret,
  };
  const other = await startApi({ env });
  url = other.baseUrl;
  try {
    const { browser } = await logInAt({ baseUrl: url, account: 'otto' });
    expect(browser.cookies.has('bulkhead')).toBe(true);
  } finally {
    await own.stop();
    await other.stop();
  }
  const down = await startApi({ env });
  const { status, text } = await down.request('GET', '/login/start', { authorization: null, accept: 'text/html' });
  expect([status, text]).toEqual([503, expect.stringContaining('The identity provider does not respond')]);
  await down.stop();
});
