import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { logIn } from '../../testing/log-in.ts';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stopAndCheckAnswers());

const path = '/api/ehr/session';

test('GET /session returns the API key, without an end if it does not expire', async () => {
  const { status, body } = await api.request('GET', path);
  const apiKeyId = expect.stringMatching(/^key_/);
  expect([status, body.data]).toEqual([200, { apiKeyId, name: 'operator', role: 'operator', via: 'api-key' }]);
});

test('GET /session returns the connections and the expiry of an API key', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const connectionIds = ['conn_1'];
  const key = await api.store.apiKeys.create({
    name: 'one',
    role: 'client',
    connectionIds,
    expiresAt,
    now: new Date(),
  });
  const { body } = await api.request('GET', path, { authorization: `Bearer ${key}` });
  expect(body.data).toMatchObject({ role: 'client', connectionIds, expiresAt: expiresAt.toISOString() });
});

test('GET /session returns the end of a browser’s session, or that of its key if it is earlier', async () => {
  const getSession = async (key: string) => {
    const cookie = await logIn(api, key);
    return (await api.request('GET', path, { authorization: null, headers: { cookie } })).body.data;
  };
  const session = await getSession(api.clientKey);
  expect(session).toMatchObject({ name: 'client', via: 'session' });
  const inMs = new Date(session.expiresAt).getTime() - Date.now();
  expect(inMs).toBeGreaterThan(7 * 3_600_000);
  expect(inMs).toBeLessThanOrEqual(8 * 3_600_000);
  const expiresAt = new Date(Date.now() + 3_600_000);
  const key = await api.store.apiKeys.create({ name: 'short', role: 'client', expiresAt, now: new Date() });
  expect(await getSession(key)).toMatchObject({ expiresAt: expiresAt.toISOString() });
});

test('event streams do not keep a session active, and all other requests do', async () => {
  const [{ id: keyId } = { id: '' }] = await api.store.apiKeys.list();
  const tenMinutesAgo = new Date(Date.now() - 600_000);
  const id = await api.store.sessions.create({ keyId, now: tenMinutesAgo });
  const lastSeenAt = async () => (await api.store.sessions.find({ id, now: new Date() }))?.lastSeenAt;
  const send = (address: string) =>
    api.request('GET', address, { authorization: null, headers: { cookie: `bulkhead=${id}` } });
  expect((await send('/api/ehr/athenahealth/bulk-export/events')).status).toBe(200);
  expect((await send('/api/ehr/rate-budgets/events')).status).toBe(200);
  expect(await lastSeenAt()).toEqual(tenMinutesAgo);
  expect((await send(path)).status).toBe(200);
  await waitFor(async () => ((await lastSeenAt()) ?? tenMinutesAgo) > tenMinutesAgo);
});

test('GET /session returns 401 without a key', async () => {
  expect((await api.request('GET', path, { authorization: null })).status).toBe(401);
});
