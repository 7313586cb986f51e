import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { jsonOf, manualClock, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

const client = { client_id: 'simulator-client', client_secret: 'simulator-secret' };
const redirectUri = 'https://client.example/callback';

async function authorize(changes: Record<string, string> = {}): Promise<Response> {
  const query = new URLSearchParams({
    client_id: 'simulator-client',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'launch/patient patient/*.read',
    state: 's1',
    aud: simulator.fhirEndpoint,
    code_challenge: createHash('sha256').update('verifier').digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  });
  return fetch(`${simulator.baseUrl}/oauth2/v1/authorize?${query}`, { redirect: 'manual' });
}

test('the simulator issues a token for client credentials sent by Basic authentication or by form', async () => {
  simulator = await startSimulatorClient();
  const form = { grant_type: 'client_credentials', scope: 'system/*.read' };
  const basic = await simulator.requestToken(form, {
    authorization: `Basic ${btoa('simulator-client:simulator-secret')}`,
  });
  expect(await jsonOf(basic)).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'system/*.read' });
  expect((await simulator.requestToken({ ...form, ...client })).status).toBe(200);
  const wrong = await simulator.requestToken({ ...form, ...client, client_secret: 'no' });
  expect([wrong.status, (await jsonOf(wrong)).error]).toEqual([401, 'invalid_client']);
  expect((await simulator.requestToken({ ...form, client_id: 'simulator-client' })).status).toBe(401);
  const scopeless = await simulator.requestToken({ grant_type: 'client_credentials', ...client });
  expect([scopeless.status, (await jsonOf(scopeless)).error]).toEqual([400, 'invalid_scope']);
  expect((await jsonOf(simulator.requestToken({ grant_type: 'password', ...client }))).error).toBe(
    'unsupported_grant_type',
  );
});

test('the simulator exchanges a code with PKCE, rotates the refresh token and revokes the access token', async () => {
  simulator = await startSimulatorClient();
  const location = new URL((await authorize()).headers.get('location') ?? '');
  expect([location.origin + location.pathname, location.searchParams.get('state')]).toEqual([redirectUri, 's1']);
  const code = location.searchParams.get('code') ?? '';
  const redeem = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...client };
  const granted = await jsonOf(simulator.requestToken({ ...redeem, code_verifier: 'verifier' }));
  expect(granted).toMatchObject({ patient: 'a-195900.E-1', scope: 'launch/patient patient/*.read' });
  expect((await simulator.requestToken({ ...redeem, code_verifier: 'verifier' })).status).toBe(400);

  const otherCode = new URL((await authorize()).headers.get('location') ?? '').searchParams.get('code') ?? '';
  expect((await jsonOf(simulator.requestToken({ ...redeem, code: otherCode, code_verifier: 'wrong' }))).error).toBe(
    'invalid_grant',
  );

  const refresh = { grant_type: 'refresh_token', refresh_token: granted.refresh_token, ...client };
  const renewed = await jsonOf(simulator.requestToken(refresh));
  expect(renewed.refresh_token).not.toBe(granted.refresh_token);
  expect((await jsonOf(simulator.requestToken(refresh))).error).toBe('invalid_grant');

  const read = () =>
    simulator
      .get('/Patient/a-195900.E-1', { authorization: `Bearer ${renewed.access_token}` })
      .then(({ status }) => status);
  expect(await read()).toBe(200);
  await fetch(`${simulator.baseUrl}/oauth2/v1/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: renewed.access_token, ...client }),
  });
  expect(await read()).toBe(401);
});

test('the simulator redirects only to known URIs and requires PKCE', async () => {
  simulator = await startSimulatorClient({ redirectUris: [redirectUri] });
  expect((await authorize({ redirect_uri: 'https://elsewhere.example' })).status).toBe(400);
  expect((await authorize({ client_id: 'other' })).status).toBe(400);
  const plain = await authorize({ code_challenge_method: 'plain' });
  expect(new URL(plain.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
});

test('the simulator shows a page to the user if configured, and redirects with the decision', async () => {
  simulator = await startSimulatorClient({ asksUser: true });
  const page = await authorize();
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const decide = async (decision: string) => {
    const body = new URLSearchParams({ user: 'u', password: 'p', decision });
    const answer = await fetch(page.url, { method: 'POST', body, redirect: 'manual' });
    return [answer.status, Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams)];
  };
  expect(await decide('allow')).toEqual([303, expect.objectContaining({ code: expect.any(String), state: 's1' })]);
  expect(await decide('deny')).toEqual([303, expect.objectContaining({ error: 'access_denied', state: 's1' })]);
  // Requests that cannot be redirected or are invalid show no page.
  expect((await authorize({ client_id: 'other' })).status).toBe(400);
  expect((await authorize({ code_challenge_method: 'plain' })).status).toBe(302);
});

test('the simulator issues 50 tokens a minute, then answers 429 until the minute ends, independently of the request limit', async () => {
  const clock = manualClock(Date.UTC(2026, 0, 1, 0, 0, 40));
  simulator = await startSimulatorClient({ clock });
  const form = { grant_type: 'client_credentials', scope: 'system/*.read', ...client };
  for (let index = 0; index < 49; index += 1) expect((await simulator.requestToken(form)).status).toBe(200);
  const refused = await simulator.requestToken(form);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '20']);
  clock.advance(20_000);
  expect((await simulator.requestToken(form)).status).toBe(200);
  expect((await simulator.violations()).byKind.rate).toBe(0);
});

test('the simulator uses the public URL in links if clients do not reach it by host and port', async () => {
  simulator = await startSimulatorClient({ publicUrl: 'http://ehr-simulator:8080/' });
  const smart = await jsonOf(fetch(`${simulator.fhirEndpoint}/.well-known/smart-configuration`));
  expect(smart.token_endpoint).toBe('http://ehr-simulator:8080/oauth2/v1/token');
});

test('the simulator requires no token if authentication is switched off', async () => {
  simulator = await startSimulatorClient({ auth: false });
  expect((await fetch(`${simulator.fhirEndpoint}/Patient/a-195900.E-1`)).status).toBe(200);
});
