import { ApiKeyService } from '@bulkhead/access/commands';
import { programOf, runApp, waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const path = '/api/ehr/api-keys';
const create = (body: object) => api.request('POST', path, { body: { name: 'a program', role: 'client', ...body } });
const listConnections = (key: string) => api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${key}` });
const findListed = async (id: string) =>
  (await api.request('GET', path)).body.data.find((key: { id: string }) => key.id === id);
const dayMs = 24 * 60 * 60_000;

test('an API key is shown once and works from then on, and the list contains neither keys nor hashes', async () => {
  const { status, headers, body } = await create({ connectionIds: [connectionId], expiresInDays: 30 });
  expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
  const { key, ...view } = body.data;
  expect(key).toMatch(/^bulkhead_[0-9a-z]{57}$/);
  expect(view).toEqual({
    id: expect.stringMatching(/^key_[0-9a-f]{32}$/),
    name: 'a program',
    role: 'client',
    prefix: key.slice(0, 13),
    connectionIds: [connectionId],
    createdAt: expect.any(String),
    expiresAt: expect.any(String),
  });
  expect(Date.parse(view.expiresAt) - Date.parse(view.createdAt)).toBeGreaterThan(29 * dayMs);
  expect((await listConnections(key)).status).toBe(200);
  const list = await api.request('GET', path);
  expect(list.text).not.toContain(key);
  expect(list.text).not.toMatch(/[0-9a-f]{64}/);
});

test('an API key shows when it was last used', async () => {
  const { key, id } = (await create({})).body.data;
  expect(await findListed(id)).not.toHaveProperty('lastUsedAt');
  await listConnections(key);
  await waitFor(async () => (await findListed(id)).lastUsedAt, { what: 'the last use' });
});

test('an expired API key is refused with advice', async () => {
  const now = new Date(Date.now() - 2 * dayMs);
  const key = await api.store.apiKeys.create({ name: 'old', role: 'client', expiresAt: new Date(), now });
  const { status, body } = await listConnections(key);
  expect([status, body.error.code, body.error.message]).toEqual([
    401,
    'api-key-expired',
    expect.stringContaining('POST /api/ehr/api-keys'),
  ]);
});

test('a revoked API key is refused at once and stays in the list', async () => {
  const { key, id } = (await create({})).body.data;
  expect((await listConnections(key)).status).toBe(200);
  const revoked = await api.request('DELETE', `${path}/${id}`);
  expect([revoked.status, revoked.body.data.revokedAt]).toEqual([200, expect.any(String)]);
  expect((await listConnections(key)).refusal).toEqual([401, 'api-key-revoked']);
  const secondAnswer = await api.request('DELETE', `${path}/${id}`);
  expect([secondAnswer.status, secondAnswer.body.data.revokedAt]).toEqual([200, revoked.body.data.revokedAt]);
  expect(await findListed(id)).toEqual(revoked.body.data);
});

test('the last API key of an operator cannot be revoked, even if two operators revoke each other', async () => {
  const keys = (await api.request('GET', path)).body.data;
  const [first] = keys.filter(({ role }: { role: string }) => role === 'operator');
  expect((await api.request('DELETE', `${path}/${first.id}`)).refusal).toEqual([409, 'last-operator-key']);
  // An expired key no longer counts as the key of an operator.
  const expiresAt = new Date();
  const { apiKey } = await api.store.apiKeys.issue({ name: 'old', role: 'operator', expiresAt, now: expiresAt });
  expect((await api.request('DELETE', `${path}/${first.id}`)).status).toBe(409);
  expect((await api.request('DELETE', `${path}/${apiKey.id}`)).status).toBe(200);

  const second = (await create({ role: 'operator' })).body.data;
  const service = new ApiKeyService({ store: api.store, connectionExists: async () => true });
  await Promise.allSettled([first, second].map(({ id }) => service.revoke(id)));
  const operators = (await api.store.apiKeys.list()).filter(({ role, revokedAt }) => role === 'operator' && !revokedAt);
  expect(operators.length).toBeGreaterThanOrEqual(1);
  await api.store.apiKeys.undoRevocation(first.id);
  await api.store.apiKeys.revoke({ id: second.id, now: new Date() });
});

test.each([
  { fault: 'role', body: { role: 'admin' } },
  { fault: 'connectionIds', body: { connectionIds: [] } },
  { fault: 'connectionIds.0', body: { connectionIds: ['conn_none'] } },
  { fault: 'connectionIds', body: { role: 'operator', connectionIds: ['conn_1'] } },
  { fault: 'expiresInDays', body: { expiresAt: '2999-01-01T00:00:00Z', expiresInDays: 1 } },
  { fault: 'expiresAt', body: { expiresAt: '2020-01-01T00:00:00Z' } },
  { fault: 'requestsPerMinute', body: { requestsPerMinute: 0 } },
  { fault: 'connectionId', body: { connectionId: 'conn_1' } },
])('an API key is not created with a wrong $fault ($body)', async ({ fault, body }) => {
  const answer = await create(body);
  expect([answer.status, answer.faults]).toEqual([400, [fault]]);
});

test('revoking an unknown API key returns 404', async () => {
  expect((await api.request('DELETE', `${path}/key_none`)).refusal).toEqual([404, 'unknown-api-key']);
});

test('an API key of an operator expires after 90 days by default, and after a year at the latest', async () => {
  const daysOf = ({ createdAt, expiresAt }: { readonly createdAt: string; readonly expiresAt: string }) =>
    Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / dayMs);
  expect(daysOf((await create({ role: 'operator' })).body.data)).toBe(90);
  expect(daysOf((await create({ role: 'operator', expiresInDays: 365 })).body.data)).toBe(365);
  const refused = await create({ role: 'operator', expiresInDays: 366 });
  expect(refused.status).toBe(400);
  expect(refused.body.error.details).toEqual([
    { path: 'expiresInDays', message: "must be at most 365 days in the future for an operator's key" },
  ]);
});

const run = (...args: string[]) => runApp({ program: programOf('api', 'create-api-key'), env: api.env, args });

test('create-api-key creates a key with every option of the route', async () => {
  const options = ['--connections', connectionId, '--expires-in-days', '7', '--requests-per-minute', '90'];
  const { code, stdout } = await run('--name', 'nightly', ...options);
  expect(code).toBe(0);
  expect((await listConnections(stdout.trim())).status).toBe(200);
  expect((await api.store.apiKeys.list()).find(({ name }) => name === 'nightly')).toMatchObject({
    role: 'client',
    connectionIds: [connectionId],
    requestsPerMinute: 90,
    expiresAt: expect.any(Date),
  });
});

test('create-api-key reports wrong options and prints its usage', async () => {
  const wrong = await run('--name', 'x', '--connections', 'conn_none');
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('connectionIds.0: must be the id of a connection'),
  });
  const misspelt = await run('--name', 'x', '--connection', 'conn_1');
  expect(misspelt).toMatchObject({ code: 1, stderr: expect.stringContaining('usage: create-api-key') });
  const days = await run('--name', 'x', '--expires-in-days', 'many');
  expect(days).toMatchObject({ code: 1, stderr: expect.stringContaining('expires-in-days') });
  // Starts three processes.
});
