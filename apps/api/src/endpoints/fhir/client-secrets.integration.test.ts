import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
const patients = `/api/ehr/athenahealth/fhir/${connectionId}/Patient`;
afterAll(() => api.stopAndCheckAnswers());

const register = async () => {
  const body = { name: 'etl', usesSecret: true, connectionIds: [connectionId] };
  const { data } = (await api.request('POST', '/api/ehr/clients', { body })).body;
  return data.id as string;
};
const addSecret = (id: string) => api.request('POST', `/api/ehr/clients/${id}/secrets`);
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const requestToken = (form: Readonly<Record<string, string>>, authorization: string | null = null) =>
  api.request('POST', '/api/ehr/oauth/token', {
    authorization,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/*.read', ...form }).toString(),
  });

test('a client without keys gets a token with its secret, by Basic or in the form, and the secret is not stored', async () => {
  const id = await register();
  expect((await requestToken({}, basic(id, ''))).body.error).toBe('invalid_client');
  const { status, body } = await addSecret(id);
  expect(status).toBe(201);
  const { secret } = body.data;
  const encoded = basic(encodeURIComponent(id).replaceAll('_', '%5F'), secret.replaceAll('_', '%5F'));
  for (const answer of [
    await requestToken({}, basic(id, secret)),
    await requestToken({}, encoded),
    await requestToken({ client_id: id, client_secret: secret }),
  ]) {
    expect([answer.status, answer.body.scope]).toEqual([200, 'system/*.read']);
    const authorization = `Bearer ${answer.body.access_token}`;
    expect((await api.request('GET', patients, { authorization })).status).toBe(200);
  }
  const [shown] = (await api.request('GET', `/api/ehr/clients/${id}`)).body.data.secrets;
  expect(shown).toEqual({ id: body.data.id, createdAt: body.data.createdAt });
  expect(JSON.stringify(await api.store.backendClients.find(id))).not.toContain(secret);
  const { data: events } = (await api.request('GET', '/api/ehr/audit-events?action=client.create-secret')).body;
  expect(events[0]).toMatchObject({ target: { id }, outcome: 'success' });
});

test('a client with a secret that names no scope gets the scopes of its registration', async () => {
  const id = await register();
  const { secret } = (await addSecret(id)).body.data;
  const request = (form: Readonly<Record<string, string>>) =>
    api.request('POST', '/api/ehr/oauth/token', {
      authorization: basic(id, secret),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString(),
    });
  const { status, body } = await request({});
  expect([status, body.scope]).toEqual([200, 'system/*.read']);
  expect((await request({ scope: '' })).body.error).toBe('invalid_scope');
});

test('a secret is replaced by a second one, and each stops working when it is deleted or its client is revoked', async () => {
  const id = await register();
  const [first, second] = [(await addSecret(id)).body.data, (await addSecret(id)).body.data];
  expect((await addSecret(id)).refusal).toEqual([409, 'too-many-client-secrets']);
  const statusOf = async ({ secret }: { secret: string }) => (await requestToken({}, basic(id, secret))).status;
  expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
  const path = `/api/ehr/clients/${id}/secrets/${first.id}`;
  expect((await api.request('DELETE', path)).body.data.secrets).toHaveLength(1);
  expect((await api.request('DELETE', path)).refusal).toEqual([404, 'unknown-client-secret']);
  expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
  const { access_token: token } = (await requestToken({}, basic(id, second.secret))).body;
  await api.request('DELETE', `/api/ehr/clients/${id}`);
  expect(await statusOf(second)).toBe(401);
  expect((await api.request('GET', patients, { authorization: `Bearer ${token}` })).status).toBe(401);
  expect((await addSecret(id)).refusal).toEqual([404, 'unknown-client']);
});

test('wrong secrets, clients with keys alone, and two ways at once are refused, without a word about what is wrong', async () => {
  const id = await register();
  const { secret } = (await addSecret(id)).body.data;
  const jwksUrl = 'https://warehouse.example/jwks.json';
  const keyed = await api.request('POST', '/api/ehr/clients', { body: { name: 'warehouse', jwksUrl } });
  const answers = [
    await requestToken({}, basic(id, `${secret}x`)),
    await requestToken({}, basic('client_none', secret)),
    await requestToken({}, basic(keyed.body.data.id, secret)),
    await requestToken({ client_id: keyed.body.data.id, client_secret: '' }),
    await requestToken({}, `Basic ${Buffer.from('no colon').toString('base64')}`),
  ];
  for (const { status, body, headers } of answers) {
    expect([status, body.error, headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_client',
      expect.stringMatching(/^Basic /),
    ]);
    expect(body.error_description).toBe(answers[0]?.body.error_description);
  }
  const inForm = { client_id: id, client_secret: secret };
  expect((await requestToken(inForm, basic(id, secret))).body.error).toBe('invalid_request');
  const assertion = { client_assertion: 'x.y.z', client_assertion_type: 'x' };
  expect((await requestToken({ ...inForm, ...assertion })).body.error).toBe('invalid_request');
  expect((await requestToken({ ...inForm, scope: 'system/*.write' })).body.error).toBe('invalid_scope');
});

test('guessed secrets are refused with 429 after as many attempts as guessed keys', async () => {
  const id = await register();
  let status = 401;
  for (let attempt = 0; attempt < 200 && status === 401; attempt++)
    ({ status } = await requestToken({}, basic(id, `bhs_${attempt}`)));
  expect(status).toBe(429);
});
