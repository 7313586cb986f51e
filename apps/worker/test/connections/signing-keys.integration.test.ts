import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

let system: System;
afterEach(() => system.stop());

const keysPath = '/api/ehr/signing-keys';

/** Starts a system whose simulator reads the client's keys from the API, as an EHR does, and caches them for `jwksCacheSeconds`. */
async function start(jwksCacheSeconds: number, { tokenSeconds = 3600 } = {}): Promise<string> {
  system = await startSystem({ simulator: { jwksCacheSeconds, tokenSeconds, patients: 1, exportSeconds: 0 } });
  const jwksUrl = `${system.baseUrl}/.well-known/jwks.json`;
  await system.control.orderSettings({ jwksUrl });
  await system.startWorker();
  return jwksUrl;
}

const create = async (alg: string): Promise<string> => (await system.request('POST', keysPath, { alg })).body.data.kid;
const states = async () => {
  const { body } = await system.request('GET', keysPath);
  return Object.fromEntries(body.data.map(({ kid, state }: { kid: string; state: string }) => [kid, state]));
};
const published = async (url: string) =>
  ((await (await fetch(url)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

const connect = (alg: string) =>
  system.connect({ auth: { method: 'private_key_jwt', clientId: 'simulator-client', alg } });

async function exportWith(connectionId: string): Promise<string> {
  return (await system.settled(await system.startExport({ connectionId, resourceTypes: ['Patient'] }))).status;
}

/** Exports with a token that the active key has signed. A test of the connection always requests a new token. */
async function exportWithNewToken(connectionId: string): Promise<string> {
  const { body } = await system.request('POST', `/api/ehr/connections/${connectionId}/test`);
  expect(body.data).toMatchObject({ ok: true });
  return exportWith(connectionId);
}

const refusals = async () =>
  (await system.control.requests(/\/token$/)).filter(({ status = 200 }) => status !== 200).length;

test.each([{ alg: 'RS384' }, { alg: 'ES384' }])(
  'an export is authorized with a published signing key of the deployment: $alg',
  async ({ alg }) => {
    const jwksUrl = await start(300);
    const kid = await create(alg);
    const response = await fetch(jwksUrl);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ keys: [{ kid, alg, use: 'sig', key_ops: ['verify'] }] });
    expect(
      Object.keys(JSON.parse(text).keys[0]).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name)),
    ).toEqual([]);
    expect(await exportWith(await connect(alg))).toBe('COMPLETED');
    expect(await refusals()).toBe(0);
  },
);

test('signing keys are rotated while exports run, and no token is refused', async () => {
  const jwksUrl = await start(1);
  const first = await create('ES384');
  const connectionId = await connect('ES384');
  expect(await exportWith(connectionId)).toBe('COMPLETED');

  const second = await create('ES384');
  expect([await published(jwksUrl), await states()]).toEqual([
    [first, second],
    { [first]: 'active', [second]: 'published' },
  ]);
  const refused = await system.request('POST', `${keysPath}/${first}/retire`);
  expect([refused.status, refused.body.error.code]).toEqual([409, 'signing-key-in-use']);
  // The server's copy is at most a second old, so it reads the keys again for one of these tokens.
  await waitFor(() => serverKnows(second));
  expect(await exportWithNewToken(connectionId)).toBe('COMPLETED');

  expect((await system.request('POST', `${keysPath}/${second}/activate`)).body.data.state).toBe('active');
  expect(await exportWithNewToken(connectionId)).toBe('COMPLETED');
  expect((await system.request('POST', `${keysPath}/${first}/retire`)).body.data.state).toBe('retired');
  // A request that the retired key has signed can still be in flight.
  expect(await published(jwksUrl)).toEqual([first, second]);
  expect((await system.request('DELETE', `${keysPath}/${first}`)).status).toBe(409);
  expect(await exportWithNewToken(connectionId)).toBe('COMPLETED');
  expect(await refusals()).toBe(0);
  expect(await system.violations()).toMatchObject({ byKind: { token: 0 } });
});

test('a token fails if the server has not read its signing key yet, so a new key is not active at once', async () => {
  await start(3600, { tokenSeconds: 1 });
  await create('ES384');
  const connectionId = await connect('ES384');
  expect(await exportWith(connectionId)).toBe('COMPLETED');
  const second = await create('ES384');
  expect(await exportWith(connectionId)).toBe('COMPLETED');
  expect(await refusals()).toBe(0);
  await system.request('POST', `${keysPath}/${second}/activate`);
  // The token of the last export is used for half a second.
  await waitFor(async () => (await exportWith(connectionId)) === 'FAILED');
});

/** Returns whether the simulator's copy of the keys, which is at most a second old, must include this key. */
async function serverKnows(kid: string): Promise<boolean> {
  const { body } = await system.request('GET', keysPath);
  const { createdAt } = body.data.find((key: { kid: string }) => key.kid === kid);
  return Date.now() - new Date(createdAt).getTime() > 2000;
}
