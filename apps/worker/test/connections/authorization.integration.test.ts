import { createBrowser, waitFor } from '@bulkhead/testing';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startSystem } from '../harness/start-system.ts';

/** The address that is registered at the EHR. The test opens it on the port of the API. */
const redirectUri = 'http://127.0.0.1:3999/api/ehr/callback';
const env = {
  ATHENAHEALTH_CLIENT_ID: 'simulator-client',
  ATHENAHEALTH_CLIENT_SECRET: 'simulator-secret',
  ATHENAHEALTH_REDIRECT_URI: redirectUri,
  // All browsers of these tests have the same address.
  API_AUTHORIZATIONS_PER_MINUTE: '1000',
};
const system = await startSystem({ hasWorker: true, env, simulator: { patients: 3, redirectUris: [redirectUri] } });
afterEach(() => control.cancelOrders());
afterAll(() => system.stop());

const { control } = system;
const atApi = (url: string) => url.replace('http://127.0.0.1:3999', system.baseUrl);
const at = (path: string) => `${system.baseUrl}/api/ehr${path}`;
const change = (url: string, changes: Readonly<Record<string, string | undefined>>): string => {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.searchParams.delete(name);
    else changed.searchParams.set(name, value);
  }
  return changed.href;
};

/** Requests a start address with a program's key. A person opens it in a browser. */
async function invite(body: object = { practiceId: '195900' }): Promise<string> {
  const answer = await system.request('POST', '/api/ehr/athenahealth/authorize', body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return atApi(answer.body.data.startUrl);
}

/**
 * Opens the EHR's page in a new browser. The page consents automatically.
 *
 * @param changes parameters of the page's address that are changed on the way
 * @returns the browser with the callback address, which is not opened yet
 */
async function approve(body?: object, changes: Readonly<Record<string, string>> = {}) {
  const browser = createBrowser();
  const ehrUrl = await browser.redirectOf(await invite(body));
  const callback = atApi(await browser.redirectOf(change(ehrUrl, changes)));
  return { browser, callback };
}

async function connect(body?: object): Promise<string> {
  const { browser, callback } = await approve(body);
  return connectionOf(await browser.open(callback, json));
}

const json = { accept: 'application/json' };
const connectionOf = async (response: Response) =>
  ((await response.json()) as { data: { connectionId: string } }).data.connectionId;
/** The status and the code of an error. */
const refusalOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
};
const test200 = async (id: string) => (await system.request('POST', `/api/ehr/connections/${id}/test`)).body.data;

test('an authorization makes a working connection for the patient, and no response contains a token', async () => {
  const browser = createBrowser();
  const startUrl = await invite();
  const ehrUrl = new URL(await browser.redirectOf(startUrl));
  expect(Object.fromEntries(ehrUrl.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'simulator-client',
    redirect_uri: redirectUri,
    scope: 'launch/patient patient/*.read',
    aud: system.simulator.fhirEndpoint,
    state: expect.stringMatching(/^auth_[0-9a-f]{32}[.][\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  });
  const page = await browser.open(atApi(await browser.redirectOf(ehrUrl.href)));
  const text = await page.text();
  expect([page.status, page.headers.get('content-security-policy'), browser.cookies.size]).toEqual([
    200,
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'",
    0,
  ]);
  const [id = ''] = /conn_[0-9a-f]{32}/.exec(text) ?? [];
  const { body } = await system.request('GET', `/api/ehr/connections/${id}`);
  expect(body.data).toMatchObject({
    practiceId: '195900',
    userId: 'a-195900.E-1',
    auth: { method: 'authorization_code', clientId: 'simulator-client', scope: 'launch/patient patient/*.read' },
  });
  expect(body.data.needsAuthorization).toBeUndefined();
  const { token, refreshToken } = await system.store.accessTokens.read({ connectionId: id, credentialsVersion: 0 });
  expect([token?.accessToken, refreshToken]).toEqual([expect.any(String), expect.any(String)]);
  for (const secret of [token?.accessToken ?? '-', refreshToken ?? '-', 'simulator-secret'])
    expect(text + JSON.stringify(body)).not.toContain(secret);
  expect(await test200(id)).toMatchObject({
    ok: true,
    steps: [{ step: 'discovery' }, { step: 'token' }, { step: 'read' }],
  });
});

test('an authorization and a refused callback are recorded in the audit log', async () => {
  const id = await connect();
  const find = async (query: string) =>
    (await system.request('GET', `/api/ehr/audit-events?action=connection.authorized&${query}`)).body.data;
  expect(await find('outcome=success')).toEqual(
    expect.arrayContaining([expect.objectContaining({ target: { connectionId: id } })]),
  );
  expect((await createBrowser().open(at('/callback?state=auth_none.x&code=y'), json)).status).toBe(400);
  await waitFor(async () => (await find('outcome=refused')).length > 0);
});

test('an enhanced sync of an authorized connection stores the data of its patient', async () => {
  const connectionId = await connect();
  const body = { connectionId, resourceTypes: ['DiagnosticReport'] };
  const { status, body: synced } = await system.request('POST', '/api/ehr/athenahealth/enhanced-sync', body);
  expect([status, synced]).toMatchObject([200, { success: true }]);
  expect(synced.data.total).toBeGreaterThan(0);
  const ids = await system.store.resources.listIds({ connectionId, resourceType: 'DiagnosticReport' });
  expect(ids).toHaveLength(synced.data.enhancedResources);
});

test('an authorization leaves no code, state or token in Redis', async () => {
  const { browser, callback } = await approve();
  const { code = '', state = '' } = Object.fromEntries(new URL(callback).searchParams);
  const connectionId = await connectionOf(await browser.open(callback, json));
  const { token, refreshToken } = await system.store.accessTokens.read({ connectionId, credentialsVersion: 0 });
  const redis = new Redis(String(system.env.REDIS_URL));
  const keys = await redis.keys(`${String(system.env.BULKHEAD_PREFIX)}:connection:*`);
  const jobs = await Promise.all(
    keys.map((key) => redis.hgetall(key).catch(() => redis.lrange(key, 0, -1).catch(() => ''))),
  );
  redis.disconnect();
  const text = JSON.stringify(jobs);
  expect(text).toContain('authorization.redeem');
  for (const secret of [code, state.split('.')[1], token?.accessToken, refreshToken])
    expect(text).not.toContain(secret);
});

test('a callback is accepted once', async () => {
  const { browser, callback } = await approve();
  const cookies = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  expect((await browser.open(callback, json)).status).toBe(200);
  const replayed = await fetch(callback, { headers: { ...json, cookie: cookies } });
  expect(await refusalOf(replayed)).toEqual([400, 'authorization-unknown']);
});

test('a callback is accepted only from the browser that started the authorization', async () => {
  const { browser, callback } = await approve();
  const { browser: otherBrowser } = await approve();
  const tokens = (await control.stats()).tokens;
  for (const wrong of [createBrowser(), otherBrowser])
    expect(await refusalOf(await wrong.open(callback, json))).toEqual([400, 'authorization-unknown']);
  expect((await control.stats()).tokens).toBe(tokens);
  // The refused attempts do not block the right browser.
  expect((await browser.open(callback, json)).status).toBe(200);
});

test('a callback with a changed state is refused', async () => {
  const { browser, callback } = await approve();
  const state = new URL(callback).searchParams.get('state') ?? '';
  const refused = await browser.open(change(callback, { state: `${state.split('.')[0]}.${'x'.repeat(43)}` }), json);
  expect(await refusalOf(refused)).toEqual([400, 'authorization-unknown']);
});

test('a start address can be opened once', async () => {
  const startUrl = await invite();
  await createBrowser().redirectOf(startUrl);
  expect(await refusalOf(await createBrowser().open(startUrl, json))).toEqual([410, 'authorization-used']);
  const page = await createBrowser().open(startUrl);
  expect([page.status, page.headers.get('content-type')]).toEqual([410, 'text/html; charset=utf-8']);
});

test.each([
  {
    what: 'a code that was requested with another PKCE challenge',
    onTheWay: { code_challenge: 'x'.repeat(43) },
    back: {},
  },
  { what: 'a code of another issuer (RFC 9207)', onTheWay: {}, back: { iss: 'https://evil.example' } },
  { what: 'a callback without the issuer that the EHR names', onTheWay: {}, back: { iss: undefined } },
  { what: 'an invalid code', onTheWay: {}, back: { code: 'guessed' } },
])('a callback with $what is refused and creates no connection', async ({ onTheWay, back }) => {
  const before = (await system.request('GET', '/api/ehr/connections')).body.data.length;
  const { browser, callback } = await approve(undefined, onTheWay);
  const tokens = (await control.stats()).tokens;
  const refused = await browser.open(change(callback, back), json);
  expect(await refusalOf(refused)).toEqual([502, 'authorization-failed']);
  expect([
    (await control.stats()).tokens,
    (await system.request('GET', '/api/ehr/connections')).body.data.length,
  ]).toEqual([tokens, before]);
});

test('a refused consent shows its error code and no text from the address', async () => {
  const { browser, callback } = await approve();
  const refusal = change(callback, { code: undefined, error: 'access_denied', error_description: '<b>planted</b>' });
  const page = await browser.open(refusal);
  const text = await page.text();
  expect([page.status, text.includes('access_denied'), text.includes('planted')]).toEqual([403, true, false]);
});

test("an operator's browser must log in before it starts an authorization, and other clients are refused", async () => {
  const address = at('/athenahealth/authorize?practiceId=195900');
  const browser = createBrowser();
  const login = await browser.redirectOf(address);
  expect(login).toBe(`/login?next=${encodeURIComponent('/api/ehr/athenahealth/authorize?practiceId=195900')}`);
  await browser.submit(system.baseUrl + login, { key: system.apiKey });
  const ehrUrl = await browser.redirectOf(address);
  expect(ehrUrl).toContain('/oauth2/v1/authorize?');
  // The page leads to the connection, because the session cookie is `SameSite=Strict` and a redirect would not send it.
  const back = await browser.open(atApi(await browser.redirectOf(ehrUrl)));
  expect(back.status).toBe(200);
  expect(await back.text()).toMatch(/<meta http-equiv="refresh" content="0; url=\/connections\/conn_[0-9a-f]{32}">/);
  const headers = { authorization: `Bearer ${system.apiKey}` };
  expect(await createBrowser().redirectOf(address, headers)).toContain('/oauth2/v1/authorize?');
  const client = await system.store.apiKeys.create({ name: 'c', role: 'client', now: new Date() });
  const statuses = await Promise.all(
    [{}, { authorization: `Bearer ${client}` }].map(
      async (headers) => (await createBrowser().open(address, { ...json, ...headers })).status,
    ),
  );
  expect(statuses).toEqual([401, 403]);
});

describe('an EHR launch', () => {
  const launch = (patient: string, iss = system.simulator.fhirEndpoint) =>
    at(`/athenahealth/launch?${new URLSearchParams({ iss, launch: patient })}`);
  const arrive = async (address: string): Promise<string> => {
    const browser = createBrowser();
    const callback = atApi(await browser.redirectOf(await browser.redirectOf(address)));
    return connectionOf(await browser.open(callback, json));
  };

  test("an EHR launch is for the shown patient in the patient's practice, and a second launch uses the same connection", async () => {
    const id = await arrive(launch('a-195900.E-2'));
    const { body } = await system.request('GET', `/api/ehr/connections/${id}`);
    expect(body.data).toMatchObject({
      userId: 'a-195900.E-2',
      practiceId: '195900',
      auth: { scope: 'launch patient/*.read' },
    });
    expect(await arrive(launch('a-195900.E-2', `${system.simulator.fhirEndpoint}/`))).toBe(id);
    expect(await arrive(launch('a-195900.E-3'))).not.toBe(id);
    expect((await test200(id)).ok).toBe(true);
  });

  test("a launch from the URL of a practice's brand is one from the registered endpoint", async () => {
    const { origin, pathname } = new URL(system.simulator.fhirEndpoint);
    const ofBrand = `${origin}/195900/brand/1/csg/2${pathname}`;
    expect(await arrive(launch('a-195900.E-4', ofBrand))).toBe(await arrive(launch('a-195900.E-4')));
    for (const iss of [`${ofBrand}/../../evil`, `${ofBrand}?a=b`, ofBrand.replace('://', '://a:b@'), `${ofBrand}x`]) {
      const answer = await createBrowser().open(launch('a-195900.E-4', iss), json);
      expect(await refusalOf(answer)).toEqual([400, 'unknown-issuer']);
    }
  });

  test('several launches request the endpoints of the EHR once', async () => {
    const discoveries = async () => (await control.requests(/\/\.well-known\/smart-configuration$/)).length;
    await createBrowser().redirectOf(launch('a-195900.E-2'));
    const before = await discoveries();
    for (let times = 0; times < 5; times++) await createBrowser().redirectOf(launch('a-195900.E-2'));
    expect(await discoveries()).toBe(before);
  });

  test.each([{ iss: 'https://evil.example/fhir/r4' }, { iss: 'http://127.0.0.1/fhir/r4' }])(
    'a launch from an EHR that is not in the registry is refused: $iss',
    async ({ iss }) => {
      const browser = createBrowser();
      expect(await refusalOf(await browser.open(launch('a-195900.E-2', iss), json))).toEqual([400, 'unknown-issuer']);
      expect(browser.cookies.size).toBe(0);
    },
  );
});

test('a connection whose authorization has ended says so, and works after a new authorization', async () => {
  const id = await connect();
  const { refreshToken = '' } = await system.store.accessTokens.read({ connectionId: id, credentialsVersion: 0 });
  await fetch(`${system.simulator.baseUrl}/oauth2/v1/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: refreshToken, client_id: 'simulator-client' }),
  });
  expect((await test200(id)).steps.at(-1)).toMatchObject({ step: 'token', code: 'authorization-needed' });
  const answer = await system.request('GET', `/api/ehr/connections/${id}`);
  expect(answer.body.data.needsAuthorization).toBe(true);
  // The access token would be valid for another hour.
  await system.inject('export', { kind: 'expire-tokens' });
  expect(await system.settled(await system.startExport({ connectionId: id }))).toMatchObject({
    status: 'FAILED',
    errorCode: 'authorization-needed',
    errorMessage: expect.stringContaining('/authorize?connectionId='),
  });
  const tokens = (await control.stats()).tokens;
  expect(await connect({ connectionId: id })).toBe(id);
  expect((await control.stats()).tokens).toBe(tokens + 1);
  const connection = await system.request('GET', `/api/ehr/connections/${id}`);
  expect(connection.body.data.needsAuthorization).toBeUndefined();
  expect((await test200(id)).ok).toBe(true);
});

test('a connection keeps what the user consented to if its secret is changed', async () => {
  const id = await connect();
  const put = (change: object) => {
    const auth = { method: 'authorization_code', clientId: 'simulator-client', ...change };
    return system.request('PUT', `/api/ehr/connections/${id}/credentials`, { auth });
  };
  expect((await put({ clientSecret: 'simulator-secret', secretBy: 'post' })).body.data.auth.secretBy).toBe('post');
  expect((await test200(id)).ok).toBe(true);
  // A public client uses PKCE instead of a secret.
  await put({});
  expect((await test200(id)).ok).toBe(true);
});

test('a connection can be authorized only for the same patient', async () => {
  const id = await connect();
  await system.store.connections.savePatient({ id, userId: 'a-195900.E-3' });
  const { browser, callback } = await approve({ connectionId: id });
  const refused = await browser.open(callback, json);
  const { error } = (await refused.json()) as { error: { code: string; details: object } };
  expect([refused.status, error.code, error.details]).toEqual([
    502,
    'authorization-failed',
    { reason: 'authorization-other-patient' },
  ]);
});

test('a deleted connection is gone at once, and its tokens are revoked at the EHR', async () => {
  const id = await connect();
  const { revoked } = await control.stats();
  await system.inject('oauth2/v1/revoke', { kind: 'status', status: 503, retryAfter: '1' });
  expect((await system.request('DELETE', `/api/ehr/connections/${id}`)).status).toBe(204);
  expect((await system.request('GET', `/api/ehr/connections/${id}`)).status).toBe(404);
  await waitFor(async () => (await control.stats()).revoked === revoked + 2);
  await waitFor(async () => (await system.store.connections.findDeletedAt(id)) === undefined);
  const state = await system.store.accessTokens.read({ connectionId: id, credentialsVersion: 0 });
  expect([state.token, state.refreshToken]).toEqual([undefined, undefined]);
});

test.each([
  {
    what: 'a connection of another method',
    body: () => ({ connectionId: system.connectionId }),
    status: 409,
    code: 'not-authorizable',
  },
  { what: 'an unknown connection', body: () => ({ connectionId: 'conn_x' }), status: 404, code: 'unknown-connection' },
  { what: 'both', body: () => ({ connectionId: 'conn_x', practiceId: '1' }), status: 400, code: 'invalid-request' },
  { what: 'an unknown scope', body: () => ({ scope: 'patient/All.read' }), status: 400, code: 'invalid-request' },
])('an authorization for $what is answered with $status', async ({ body, status, code }) => {
  const answer = await system.request('POST', '/api/ehr/athenahealth/authorize', body());
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});
