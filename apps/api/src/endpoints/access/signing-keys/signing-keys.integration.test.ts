import { generateKeyPairSync } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stopAndCheckAnswers());

const path = '/api/ehr/signing-keys';
const pem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

test('an operator creates, lists, retires and deletes signing keys', async () => {
  const authorization = `Bearer ${api.clientKey}`;
  const { refusal } = await api.request('POST', path, { body: { alg: 'ES384' }, authorization });
  expect(refusal).toEqual([403, 'forbidden']);
  const [first, second] = [
    await api.request('POST', path, { body: { alg: 'ES384' } }),
    await api.request('POST', path, { body: { privateKey: pem() } }),
  ];
  expect(first.status).toBe(201);
  expect(first.body.data).toEqual({
    kid: expect.any(String),
    alg: 'ES384',
    state: 'active',
    createdAt: expect.any(String),
  });
  expect(second.body.data).toMatchObject({ alg: 'ES384', state: 'published' });
  const list = await api.request('GET', path);
  expect(list.body.data).toEqual([first.body.data, second.body.data]);
  expect(list.text).not.toMatch(/"d"|PRIVATE/);
  const { kid } = second.body.data;
  expect((await api.request('POST', `${path}/${kid}/retire`)).body.data.state).toBe('retired');
  expect((await api.request('DELETE', `${path}/${kid}`)).refusal).toEqual([409, 'signing-key-in-use']);
  for (const change of ['activate', 'retire']) {
    const { refusal } = await api.request('POST', `${path}/${kid}/${change}`);
    expect([change, ...refusal]).toEqual([change, 409, 'signing-key-retired']);
  }
  await api.store.signingKeys.delete({ kid, retiredBefore: new Date(Date.now() + 1000) });
  expect((await api.request('DELETE', `${path}/${kid}`)).body.error.code).toBe('unknown-signing-key');
});

test('importing a signing key twice stores it once', async () => {
  const body = { privateKey: pem() };
  const [first, second] = [await api.request('POST', path, { body }), await api.request('POST', path, { body })];
  expect(second.body.data.kid).toBe(first.body.data.kid);
});

test('activating an earlier signing key makes it sign again', async () => {
  const create = async (): Promise<string> =>
    (await api.request('POST', path, { body: { alg: 'RS384' } })).body.data.kid;
  const activate = async (kid: string) => (await api.request('POST', `${path}/${kid}/activate`)).body.data.state;
  const [earlier, later] = [await create(), await create()];
  expect(await activate(later)).toBe('active');
  expect(await activate(earlier)).toBe('active');
  expect((await api.store.signingKeys.findForSigning('RS384'))?.kid).toBe(earlier);
  expect((await api.request('POST', `${path}/${later}/retire`)).body.data.state).toBe('retired');
});

test('importing another key under the `kid` of a stored signing key returns 400 and stores nothing', async () => {
  const kid = 'key-of-2026';
  const privateKey = pem();
  const stored = await api.request('POST', path, { body: { privateKey, kid } });
  expect(stored.status).toBe(201);
  const other = await api.request('POST', path, { body: { privateKey: pem(), kid } });
  expect([other.status, other.faults]).toEqual([400, ['kid']]);
  const same = await api.request('POST', path, { body: { privateKey, kid } });
  expect(same.body.data).toEqual(stored.body.data);
});

test.each([
  { what: 'neither `alg` nor `privateKey`', body: {}, at: 'alg' },
  { what: 'both `alg` and `privateKey`', body: { alg: 'RS384', privateKey: 'x' }, at: 'alg' },
  { what: 'a name for a new key', body: { alg: 'RS384', kid: 'k' }, at: 'kid' },
  { what: 'an algorithm that SMART does not define', body: { alg: 'HS256' }, at: 'alg' },
  { what: 'a text that is not a key', body: { privateKey: 'planted' }, at: 'privateKey' },
])('creating a signing key with $what returns 400', async ({ body, at }) => {
  const answer = await api.request('POST', path, { body });
  expect([answer.status, answer.faults[0]]).toEqual([400, at]);
  expect(answer.text).not.toContain('planted');
});

test('the public signing keys are served without an API key', async () => {
  const answer = await api.request('GET', '/.well-known/jwks.json', { authorization: null });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('application/jwk-set+json');
});
