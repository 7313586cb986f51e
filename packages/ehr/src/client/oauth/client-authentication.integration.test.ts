import { generateKeyPairSync } from 'node:crypto';
import { startScriptedServer } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import type { ConnectionAuth, SigningKey } from '../../providers/index.ts';
import { generateSigningKey, importSigningKey, publicJwkOf } from '../../providers/signing-key.ts';
import { startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
afterEach(() => ehr.stop());

const client = { clientId: 'simulator-client', scope: 'system/*.read' };
const read = (auth: ConnectionAuth) => ehr.readPatient({ auth });

async function startWith(publishedKeys: readonly SigningKey[], signingKey?: SigningKey): Promise<void> {
  const jwks = { keys: publishedKeys.map((key) => ({ ...publicJwkOf(key) })) };
  ehr = await startEhr({ simulator: { jwks }, ...(signingKey ? { signingKey } : {}) });
}

const keyOf = (type: 'rsa' | 'ec') =>
  type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;

test('a client authenticates with its secret in the form if the connection says so', async () => {
  ehr = await startEhr();
  const auth = { method: 'client_credentials', ...client, clientSecret: 'simulator-secret' } as const;
  expect((await read({ ...auth, secretBy: 'post' })).status).toBe(200);
  const [request] = await ehr.requests(/oauth2\/v1\/token/);
  expect(request?.headers.authorization).toBeUndefined();
});

/** A token endpoint that knows one value of `Authorization`, and gets its tokens from the simulator. */
async function startTokenEndpoint(authorization: string, refusal: object = { body: { error: 'invalid_client' } }) {
  const received: (string | undefined)[] = [];
  const server = await startScriptedServer({
    '/token': async ({ headers, body }) => {
      received.push(headers.authorization);
      if (headers.authorization !== authorization) return { status: 401, ...refusal };
      const form = `${body}&client_id=simulator-client&client_secret=simulator-secret`;
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const issued = await fetch(`${ehr.simulator.baseUrl}/oauth2/v1/token`, {
        method: 'POST',
        body: form,
        headers: type,
      });
      return { body: await issued.json() };
    },
  });
  return { received, tokenEndpoint: `${server.url}/token`, stop: () => server.stop() };
}

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

test.each([
  { what: 'that form encoding leaves alone', secret: 'a-b_c.d*e', sent: [basic('my-client', 'a-b_c.d*e')] },
  { what: 'that is encoded', secret: 'p+q/r=', sent: [basic('my-client', 'p%2Bq%2Fr%3D')] },
  {
    what: 'that is encoded, at a server that does not decode it',
    secret: 'p+q/r=',
    // The second token is requested in the right form at once.
    sent: [basic('my-client', 'p%2Bq%2Fr%3D'), basic('my-client', 'p+q/r='), basic('my-client', 'p+q/r=')],
  },
])('HTTP Basic with a secret $what is understood', async ({ secret, sent }) => {
  ehr = await startEhr();
  const endpoint = await startTokenEndpoint(sent.at(-1) ?? '');
  try {
    const { tokenEndpoint } = endpoint;
    const auth = {
      method: 'client_credentials',
      clientId: 'my-client',
      clientSecret: secret,
      scope: 'system/*.read',
      tokenEndpoint,
    } as const;
    const id = `conn_${sent.length}_${secret.length}`;
    expect((await ehr.readPatient({ id, auth })).status).toBe(200);
    if (sent.length > 1) await ehr.sessionOf({ id, auth }).replaceToken(AbortSignal.timeout(10_000));
    expect(endpoint.received).toEqual(sent);
  } finally {
    await endpoint.stop();
  }
});

const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] };
test.each([
  { what: 'an OperationOutcome', refusal: { body: outcome, headers: { 'content-type': 'application/fhir+json' } } },
  // AWS API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
  { what: 'the text of a gateway', refusal: { body: { message: 'Unauthorized' } } },
  { what: 'plain text', refusal: { body: 'Bad credentials', headers: { 'content-type': 'text/plain' } } },
  { what: 'nothing', refusal: { body: '' } },
])('a server that refuses the encoded secret with $what gets it as it is', async ({ what, refusal }) => {
  ehr = await startEhr();
  const endpoint = await startTokenEndpoint(basic('my-client', 'p+q/r='), refusal);
  const { tokenEndpoint } = endpoint;
  const auth = { method: 'client_credentials', clientId: 'my-client', clientSecret: 'p+q/r=', scope: 'system/*.read' };
  const id = `conn_${what.length}_refused`;
  expect((await ehr.readPatient({ id, auth: { ...auth, tokenEndpoint } as ConnectionAuth })).status).toBe(200);
  await endpoint.stop();
});

test('a wrong secret is sent once more as it is, and then refused', async () => {
  ehr = await startEhr();
  const endpoint = await startTokenEndpoint('none');
  const { tokenEndpoint } = endpoint;
  const auth = { method: 'client_credentials', clientId: 'c', clientSecret: 'x+', scope: 's', tokenEndpoint } as const;
  const message = expect.stringMatching(/sent by HTTP Basic in two forms, encoded and as they are/);
  await expect(ehr.readPatient({ id: 'conn_wrong', auth })).rejects.toMatchObject({ code: 'token-refused', message });
  expect(endpoint.received).toEqual([basic('c', 'x%2B'), basic('c', 'x+')]);
  await endpoint.stop();
});

test.each(['RS384', 'ES384'] as const)(
  "a client authenticates with an assertion by the deployment's %s key",
  async (alg) => {
    const key = await generateSigningKey(alg);
    await startWith([key], key);
    expect((await read({ method: 'private_key_jwt', ...client, alg })).status).toBe(200);
    expect(await ehr.tokenCount()).toBe(1);
  },
);

test.each([
  { as: 'PEM', type: 'rsa', format: 'pkcs8' },
  { as: 'PEM', type: 'rsa', format: 'pkcs1' },
  { as: 'PEM', type: 'ec', format: 'sec1' },
  { as: 'a JWK', type: 'ec', format: 'jwk' },
  { as: 'a JWK', type: 'rsa', format: 'jwk' },
] as const)(
  "a client authenticates with the connection's own key, imported as $as ($type, $format)",
  async ({ type, format }) => {
    const privateKey = keyOf(type);
    const text =
      format === 'jwk'
        ? JSON.stringify(privateKey.export({ format }))
        : String(privateKey.export({ type: format, format: 'pem' } as never));
    const signingKey = await importSigningKey({ text });
    await startWith([signingKey]);
    expect((await read({ method: 'private_key_jwt', ...client, alg: signingKey.alg, signingKey })).status).toBe(200);
  },
);

test('a client authenticates with the key id that the server knows', async () => {
  const jwk = keyOf('ec').export({ format: 'jwk' });
  const imported = await importSigningKey({ text: JSON.stringify({ ...jwk, kid: 'mine-2026' }) });
  expect([imported.kid, publicJwkOf(imported).kid]).toEqual(['mine-2026', 'mine-2026']);
  expect((await importSigningKey({ text: JSON.stringify(jwk), kid: 'given' })).kid).toBe('given');
  await startWith([imported]);
  const auth = { method: 'private_key_jwt', ...client, alg: 'ES384', signingKey: imported } as const;
  expect((await read(auth)).status).toBe(200);
});

test('an assertion has the audience of the connection, and otherwise the token endpoint', async () => {
  const key = await generateSigningKey('ES384');
  await startWith([key], key);
  const audiences: unknown[] = [];
  const server = await startScriptedServer({
    '/token': ({ body }) => {
      const [, payload = ''] = (new URLSearchParams(String(body)).get('client_assertion') ?? '').split('.');
      audiences.push(JSON.parse(Buffer.from(payload, 'base64url').toString()).aud);
      return { status: 400, body: { error: 'invalid_client' } };
    },
  });
  const tokenEndpoint = `${server.url}/token`;
  const auth = { method: 'private_key_jwt', ...client, alg: 'ES384', tokenEndpoint } as const;
  try {
    await expect(read(auth)).rejects.toMatchObject({ code: 'token-refused' });
    await expect(read({ ...auth, audience: 'https://issuer.example/' })).rejects.toMatchObject({
      code: 'token-refused',
    });
  } finally {
    await server.stop();
  }
  expect(audiences).toEqual([tokenEndpoint, 'https://issuer.example/']);
});

test('a client with a key that the server does not know is refused', async () => {
  await startWith([await generateSigningKey('ES384')], await generateSigningKey('ES384'));
  const refused = read({ method: 'private_key_jwt', ...client, alg: 'ES384' });
  await expect(refused).rejects.toMatchObject({ code: 'token-refused', context: { reason: 'invalid_client' } });
});

test('a client without a key throws no-signing-key', async () => {
  await startWith([]);
  const refused = read({ method: 'private_key_jwt', ...client, alg: 'ES384' });
  await expect(refused).rejects.toMatchObject({ code: 'no-signing-key', retry: 'never' });
});

test.each([
  {
    what: 'a public key',
    text: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }),
  },
  {
    what: 'another curve',
    text: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
  },
  {
    what: 'a short RSA key',
    text: () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
  },
  { what: 'text that is not a key', text: () => 'planted' },
  { what: 'an invalid JWK', text: () => '{"kty":"EC","d":"planted"}' },
])('importing $what throws signing-key-unusable without quoting it', async ({ text }) => {
  ehr = await startEhr();
  const error = await importSigningKey({ text: String(text()) }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'signing-key-unusable' });
  expect(String(error)).not.toContain('planted');
});
