import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { generateSigningKey } from '../../providers/signing-key.ts';
import type { EhrSession } from '../ehr-session.ts';
import { silentObserver } from '../http/ehr-observer.ts';
import { resourceRequest, startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
afterEach(() => ehr.stop());

async function start(simulator: EhrSimulatorOptions = {}): Promise<void> {
  ehr = await startEhr({ simulator });
}

function search({ session = ehr.session, signal }: { session?: EhrSession; signal?: AbortSignal } = {}) {
  const url = `${ehr.simulator.fhirEndpoint}/Patient?ah-practice=Organization/a-1.Practice-195900&_id=none`;
  return session.send(resourceRequest(url, { signal }));
}

const statuses = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status);
const tokenRequests = async () => (await ehr.requests(/oauth2\/v1\/token/)).length;
const orderToken = (fault: object, times: number | 'always' = 1) => ehr.inject('oauth2/v1/token', fault, { times });
const twenty = () => Array.from({ length: 20 }, () => search());

test('twenty concurrent requests get one access token, which is kept', async () => {
  await start();
  expect(statuses(await Promise.all(twenty()))).toEqual(Array.from({ length: 20 }, () => 200));
  expect((await search()).status).toBe(200);
  expect(await ehr.tokenCount()).toBe(1);
  expect(await ehr.requests(/smart-configuration/)).toHaveLength(1);
  expect((await ehr.violations()).byKind).toMatchObject({ token: 0 });
});

test("an access token is requested at the connection's own endpoint without discovery", async () => {
  await start();
  const tokenEndpoint = `${ehr.simulator.baseUrl}/oauth2/v1/token`;
  const { auth } = ehr.connection();
  const session = ehr.sessionOf({ auth: { ...auth, tokenEndpoint } as typeof auth });
  expect((await search({ session })).status).toBe(200);
  expect(await ehr.requests(/smart-configuration/)).toEqual([]);
});

test('an access token is renewed once for twenty refused requests, and each of them is sent again #token-renewal', async () => {
  await start();
  await search();
  await ehr.inject('/Patient$', { kind: 'expire-tokens' });
  expect(statuses(await Promise.all(twenty()))).toEqual(Array.from({ length: 20 }, () => 200));
  expect(await ehr.tokenCount()).toBe(2);
});

test('an access token is renewed before it expires #token-renewal', async () => {
  // A token is renewed after half of its life. A request that takes as long as the other half would be refused.
  await start({ tokenSeconds: 4 });
  await search();
  await waitFor(async () => {
    await search();
    return (await ehr.tokenCount()) === 2;
  });
  expect((await ehr.violations()).byKind).toMatchObject({ token: 0 });
});

test('a request fails with ehr-unauthorized if the renewed access token is refused too #token-renewal', async () => {
  await start();
  await ehr.inject('/Patient$', { kind: 'status', status: 401 }, { times: 'always' });
  await expect(search()).rejects.toMatchObject({ code: 'ehr-unauthorized', retry: 'never', status: 401 });
  expect(await ehr.requests(/Patient$/)).toHaveLength(2);
  expect(await ehr.tokenCount()).toBe(2);
});

test('the access token of one connection is not sent for another', async () => {
  await start();
  await search();
  await search({ session: ehr.sessionOf({ id: 'conn_2' }) });
  expect(await ehr.tokenCount()).toBe(2);
});

test('no access token is requested for a connection without authorization', async () => {
  await start({ auth: false });
  expect((await search({ session: ehr.sessionOf({ auth: { method: 'none' } }) })).status).toBe(200);
  expect(await tokenRequests()).toBe(0);
});

test('a wrong secret throws token-refused without a retry, and the error names host and client id, not the secret', async () => {
  await start();
  const { auth, fhirEndpoint } = ehr.connection();
  const session = ehr.sessionOf({ auth: { ...auth, clientSecret: 'planted' } as typeof auth });
  const error = await search({ session }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'token-refused', retry: 'never' });
  const { message, stack, context, cause } = error as Error & { context: object };
  const { clientId } = auth as { clientId: string };
  expect(message).toContain(
    `The EHR at ${new URL(fhirEndpoint).host} refused to issue an access token to the client id "${clientId}".`,
  );
  expect([message, stack, JSON.stringify(context), String(cause)].join()).not.toContain('planted');
  expect(await ehr.requests(/Patient$/)).toEqual([]);
});

const oauthError = { error: 'invalid_client', error_description: 'planted' };
test.each([
  { what: 'a 400 in JSON', fault: { status: 400, body: { ...oauthError, error: 'invalid_scope' } } },
  { what: 'a 401 in JSON', fault: { status: 401, body: oauthError } },
  {
    what: 'a 401 with a challenge',
    fault: { status: 401, body: oauthError, headers: { 'www-authenticate': 'Basic realm="x"' } },
  },
  { what: 'a 403 in JSON', fault: { status: 403, body: { ...oauthError, error: 'access_denied' } } },
])('an access token that is refused with $what throws token-refused without a retry', async ({ fault }) => {
  await start();
  await orderToken({ kind: 'status', contentType: 'application/json', ...fault });
  await expect(search()).rejects.toMatchObject({ code: 'token-refused', retry: 'never' });
  expect((await search()).status).toBe(200);
});

test.each([
  {
    what: '429',
    fault: { kind: 'status', status: 429, body: { error: 'temporarily_unavailable' }, contentType: 'application/json' },
  },
  { what: '500', fault: { kind: 'status', status: 500 } },
  { what: 'a 503 in HTML', fault: { kind: 'status', status: 503, body: '<html>', contentType: 'text/html' } },
  { what: 'a reset', fault: { kind: 'reset' } },
])('a token request that fails with $what throws token-unavailable and waits a minute', async ({ fault }) => {
  await start();
  await orderToken(fault);
  await expect(search()).rejects.toMatchObject({ code: 'token-unavailable', retry: { afterMs: 60_000 } });
  // The failure is not kept.
  expect((await search()).status).toBe(200);
});

test('a token request that returns a web page is retried a few times, and the page is quoted for operators', async () => {
  await start();
  await orderToken({ kind: 'status', status: 200, body: '<p>Please log in</p>', contentType: 'text/html' });
  await expect(search()).rejects.toMatchObject({
    code: 'token-not-understood',
    retry: 'briefly',
    ehrText: expect.stringContaining('Please log in'),
  });
  expect((await search()).status).toBe(200);
});

test.each([{ token_type: undefined }, { token_type: null }, { token_type: '' }])(
  'a token response with the type $token_type is used as a Bearer token, and is reported',
  async (type) => {
    const reported: object[] = [];
    const observer = { ...silentObserver, tokenRequested: (event: object) => void reported.push(event) };
    ehr = await startEhr({ observer, simulator: { auth: false } });
    const body = { access_token: 'token-1', expires_in: 300, ...type };
    await orderToken({ kind: 'status', status: 200, body, contentType: 'application/json' }, 'always');
    expect((await search()).status).toBe(200);
    const [request] = await ehr.requests(/Patient$/);
    expect(request?.headers.authorization).toBe('Bearer');
    expect(reported).toEqual([{ provider: 'simulated', outcome: 'renewed', isUntyped: true }]);
    const signal = AbortSignal.timeout(10_000);
    expect(await ehr.session.replaceToken(signal)).toEqual({ isUntyped: true });
  },
);

test('a token of the type mac is refused, and the answer is quoted for operators without the token', async () => {
  await start();
  const body = { access_token: 'planted', refresh_token: 'planted', token_type: 'mac', mac_key: 'planted' };
  await orderToken({ kind: 'status', status: 200, body, contentType: 'application/json' });
  const error = await search().catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'token-not-understood',
    message: expect.stringContaining('Bearer'),
    ehrText: expect.stringContaining('"token_type":"mac"'),
  });
  expect(JSON.stringify([(error as { ehrText?: string }).ehrText, (error as Error).message])).not.toContain('planted');
});

test.each([
  { method: 'client_credentials', error: 'invalid_client', remedy: 'replace the client secret' },
  { method: 'client_credentials', error: 'invalid_scope', remedy: 'not registered for a scope' },
  { method: 'private_key_jwt', error: 'invalid_grant', remedy: 'assertion was rejected' },
  { method: 'private_key_jwt', error: 'invalid_client', remedy: 'jwks.json' },
  { method: 'client_credentials', error: 'made_up', remedy: 'Verify the client id' },
] as const)(
  'an access token that is refused as $error explains what to do about $method',
  async ({ method, error, remedy }) => {
    await start();
    const body = { error, error_description: 'In the words\nof the EHR' };
    await orderToken({ kind: 'status', status: 400, body, contentType: 'application/json' });
    const oauth = { clientId: 'simulator-client', scope: 'system/*.read' };
    const auth =
      method === 'private_key_jwt'
        ? { ...oauth, method, alg: 'ES384' as const, signingKey: await generateSigningKey('ES384') }
        : { ...oauth, method, clientSecret: 'simulator-secret' };
    await expect(search({ session: ehr.sessionOf({ auth }) })).rejects.toMatchObject({
      code: 'token-refused',
      message: expect.stringContaining(remedy),
      ehrText: 'In the words of the EHR',
    });
  },
);

test.each([{ expires_in: 0 }, { expires_in: -1 }, { expires_in: '0' }, { expires_in: null }])(
  'an access token with %j is used for several requests, as one whose lifetime is not stated',
  async (set) => {
    await start();
    await orderToken({ kind: 'edit-document', set });
    expect(statuses([await search(), await search()])).toEqual([200, 200]);
    expect(await ehr.tokenCount()).toBe(1);
  },
);

test('a token response in which absent members are null is understood', async () => {
  await start();
  const absent = { expires_in: null, refresh_token: null, scope: null, id_token: null };
  const body = { access_token: 'unknown', token_type: 'bearer', ...absent };
  await orderToken({ kind: 'status', status: 200, body, contentType: 'application/json' });
  expect((await search()).status).toBe(200);
  // The simulator did not issue this token, so it refuses the first of two requests.
  expect(await ehr.requests(/Patient$/)).toHaveLength(2);
});

test.each([
  { what: 'the status 201', status: 201, tokenType: 'bearer' },
  { what: 'a type in other letter case', status: 200, tokenType: 'BEARER' },
  // Apigee: https://docs.apigee.com/api-platform/reference/policies/oauthv2-policy
  { what: 'the type BearerToken', status: 200, tokenType: 'BearerToken' },
])('a token response with $what is understood', async ({ status, tokenType }) => {
  await start();
  const body = { access_token: 'unknown', token_type: tokenType, expires_in: 3600 };
  await orderToken({ kind: 'status', status, body, contentType: 'application/json' });
  expect((await search()).status).toBe(200);
  // The simulator did not issue this token, so it refuses the first of two requests.
  expect(await ehr.requests(/Patient$/)).toHaveLength(2);
});

test.each([
  { what: 'the status 201 without a token', status: 201, body: {} },
  { what: 'another type', status: 200, body: { access_token: 'unknown', token_type: 'mac' } },
  { what: 'the status 202', status: 202, body: { access_token: 'unknown', token_type: 'bearer' } },
])('a token response with $what is refused', async ({ status, body }) => {
  await start();
  await orderToken({ kind: 'status', status, body, contentType: 'application/json' });
  await expect(search()).rejects.toMatchObject({ code: 'token-not-understood', retry: 'briefly' });
});

test('an access token of a server without a token endpoint throws smart-discovery-failed', async () => {
  await start();
  for (const path of ['smart-configuration', 'metadata'])
    await ehr.inject(path, { kind: 'status', status: 200, body: {} });
  await expect(search()).rejects.toMatchObject({ code: 'smart-discovery-failed', retry: 'never' });
});

test('requests still get the access token if another request stopped waiting for it', async () => {
  await start();
  // Delayed so long that the first request is cancelled before, even on a busy machine.
  await ehr.inject('smart-configuration', { kind: 'latency', ms: 2000 });
  const controller = new AbortController();
  const first = search({ signal: controller.signal });
  const otherSearches = [search(), search()];
  await waitFor(async () => (await ehr.requests(/smart-configuration/)).length === 1);
  controller.abort(new Error('cancelled'));
  await expect(first).rejects.toThrow('cancelled');
  expect(statuses(await Promise.all(otherSearches))).toEqual([200, 200]);
  expect(await ehr.tokenCount()).toBe(1);
});
