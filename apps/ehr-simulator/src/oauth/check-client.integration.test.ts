import { afterEach, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { jsonOf, manualClock, type SimulatorClient, startSimulatorClient } from '../testing/simulator-client.ts';

let simulator: SimulatorClient;
afterEach(() => simulator.stop());

const nowMs = Date.UTC(2026, 0, 1);
const nowSeconds = nowMs / 1000;
const { privateKey, publicKey } = await generateKeyPair('ES384');

interface Change {
  readonly header?: object;
  readonly payload?: object;
}

async function start(): Promise<void> {
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384' };
  simulator = await startSimulatorClient({ jwks: { keys: [key] }, clock: manualClock(nowMs) });
}

async function requestToken({
  header = {},
  payload = {},
}: Change): Promise<{ status: number; body: Record<string, unknown> }> {
  const claims = {
    iss: 'simulator-client',
    sub: 'simulator-client',
    aud: `${simulator.baseUrl}/oauth2/v1/token`,
    iat: nowSeconds,
    exp: nowSeconds + 240,
    jti: 'j1',
    ...payload,
  };
  const assertion = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES384', typ: 'JWT', kid: 'k1', ...header })
    .sign(privateKey);
  const response = await simulator.requestToken({
    grant_type: 'client_credentials',
    scope: 'system/*.read',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  return { status: response.status, body: await jsonOf(response) };
}

test('the token endpoint accepts a client assertion only once', async () => {
  await start();
  expect(await requestToken({})).toMatchObject({ status: 200, body: { scope: 'system/*.read' } });
  const secondAnswer = await requestToken({});
  expect(secondAnswer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect(secondAnswer.body.error_description).toContain('jti');
  expect((await requestToken({ payload: { jti: 'j2' } })).status).toBe(200);
});

test.each([
  { what: 'with an unknown key', change: { header: { kid: 'k2' } }, says: 'kid' },
  { what: 'with another type', change: { header: { typ: 'at+jwt' } }, says: 'typ' },
  { what: 'for another endpoint', change: { payload: { aud: 'https://else.example/token' } }, says: 'audience' },
  { what: 'of another issuer', change: { payload: { iss: 'other' } }, says: 'iss and sub' },
  { what: 'about another client', change: { payload: { sub: 'other' } }, says: 'iss and sub' },
  { what: 'with too long a lifetime', change: { payload: { exp: nowSeconds + 301 } }, says: 'five minutes' },
  { what: 'that has expired', change: { payload: { exp: nowSeconds - 1 } }, says: 'times' },
  { what: 'without jti', change: { payload: { jti: undefined } }, says: 'times are wrong' },
])('the token endpoint rejects a client assertion $what with invalid_client', async ({ change, says }) => {
  await start();
  const { status, body } = await requestToken(change);
  expect([status, body.error]).toEqual([401, 'invalid_client']);
  expect(body.error_description).toContain(says);
});

test('the simulator answers 403 for a type that the scopes do not cover if scopes are enforced', async () => {
  simulator = await startSimulatorClient({ enforceScopes: true });
  const client = { client_id: 'simulator-client', client_secret: 'simulator-secret' };
  const form = { grant_type: 'client_credentials', scope: 'system/Observation.rs', ...client };
  const headers = { authorization: `Bearer ${(await jsonOf(simulator.requestToken(form))).access_token}` };
  expect((await simulator.get('/Patient/a-195900.E-1', headers)).status).toBe(403);
  const observations = '/Observation?patient=a-195900.E-1&ah-practice=Organization/a-1.Practice-195900';
  expect((await simulator.get(observations, headers)).status).toBe(200);
});
