import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { toRequest } from '../testing/endpoint-requests.ts';
import { plantConnection } from '../testing/plant-connection.ts';
import { type RequestOptions, startApi } from '../testing/start-api.ts';

const api = await startApi({
  env: { ATHENAHEALTH_REDIRECT_URI: 'https://bulkhead.example/api/ehr/callback', ATHENAHEALTH_CLIENT_ID: 'client' },
});
afterAll(() => api.stop());

const creating = endpoints.filter(({ idempotency }) => idempotency !== undefined);
const idsOf = (list: typeof creating) => list.map(({ id }) => id as KeyedEndpointId);

/** A request that creates a record, to send several times. */
async function makeRequest(id: KeyedEndpointId) {
  const planted = await plantConnection(api.store);
  // The planted sync still holds the unique key of its connection.
  const connectionId = id === 'startEnhancedSync' ? await api.createConnection() : planted.connectionId;
  const { method, path, ...options } = toRequest(id, { ...planted, connectionId });
  // The connection of the other request cannot be authorized by a user.
  const body = id === 'inviteToAuthorize' ? { practiceId: '195900' } : options.body;
  return (change: RequestOptions) =>
    api.request(method, path, {
      ...options,
      ...(body === undefined ? {} : { body }),
      ...change,
      headers: { ...options.headers, ...change.headers },
    });
}

/** A change of the body that stays valid. */
const otherBody: Readonly<Partial<Record<KeyedEndpointId, object>>> = {
  createConnection: { provider: 'athenahealth', auth: { method: 'none' }, practiceId: '1' },
  createApiKey: { name: 'y', role: 'operator' },
  registerClient: { name: 'y', jwksUrl: 'https://x.example' },
  createSigningKey: { alg: 'RS384' },
  inviteToAuthorize: { practiceId: '1' },
};

test('every POST that creates a record accepts Idempotency-Key', () => {
  expect(idsOf(creating)).toEqual([
    'startBulkExport',
    'startEnhancedSync',
    'createConnection',
    'inviteToAuthorize',
    'createSchedule',
    'runSchedule',
    'createApiKey',
    'registerClient',
    'createClientSecret',
    'createSigningKey',
  ]);
});

test.each(idsOf(creating.filter(({ idempotency }) => idempotency !== 'secret')))(
  '%s sends the same answer to a repeated request, and creates nothing a second time',
  async (id) => {
    const send = await makeRequest(id);
    const headers = { 'idempotency-key': randomUUID() };
    const first = await send({ headers });
    expect([201, 202]).toContain(first.status);
    const second = await send({ headers });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect([first, second].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  },
);

test.each(idsOf(creating.filter(({ idempotency }) => idempotency === 'secret')))(
  '%s refuses a repeated request, because its secret is not stored, and names the record',
  async (id) => {
    const send = await makeRequest(id);
    const headers = { 'idempotency-key': randomUUID() };
    const first = await send({ headers });
    expect(first.status).toBe(201);
    const { refusal, text, body } = await send({ headers });
    expect(refusal).toEqual([409, 'answer-not-repeated']);
    for (const secret of [first.body.data.key, first.body.data.secret, first.body.data.startUrl])
      if (secret) expect(text).not.toContain(secret);
    if (id === 'createApiKey') expect(body.error.details).toEqual({ id: first.body.data.id });
  },
);

test.each(idsOf(creating))('%s refuses another request with the same key', async (id) => {
  const headers = { 'idempotency-key': randomUUID() };
  const [send, sendOther] = [await makeRequest(id), await makeRequest(id)];
  expect((await send({ headers })).status).toBeLessThan(300);
  const body = otherBody[id];
  const { refusal } = await sendOther({ headers, ...(body === undefined ? {} : { body }) });
  expect(refusal).toEqual([422, 'idempotency-key-reused']);
});

test.each(idsOf(creating))('%s refuses a key with a space', async (id) => {
  const send = await makeRequest(id);
  const { status, faults } = await send({ headers: { 'idempotency-key': 'two words' } });
  expect([status, faults[0]]).toEqual([400, 'idempotency-key']);
});

test('equal requests that are sent at the same time create one record', async () => {
  const send = await makeRequest('createSchedule');
  const headers = { 'idempotency-key': randomUUID() };
  const answers = await Promise.all([1, 2, 3, 4].map(() => send({ headers })));
  expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(3);
});

test('the key of a refused request can be used for the corrected request', async () => {
  const send = await makeRequest('createSchedule');
  const headers = { 'idempotency-key': randomUUID() };
  const unknown = { connectionId: 'conn_none', kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };
  expect((await send({ headers, body: unknown })).status).toBe(404);
  expect((await send({ headers })).status).toBe(201);
});

test('the same key of another client is another key', async () => {
  const send = await makeRequest('createSchedule');
  const headers = { 'idempotency-key': randomUUID() };
  const first = await send({ headers });
  const second = await send({ headers, authorization: `Bearer ${api.clientKey}` });
  expect(second.status).toBe(201);
  expect(second.body.data.id).not.toBe(first.body.data.id);
});
