import type { Endpoint } from '@bulkhead/http';
import { afterAll, expect, test } from '@jest/globals';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { endpointRequests, toRequest } from '../testing/endpoint-requests.ts';
import { type PlantedConnection, plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi();
const ownConnection = await plantConnection(api.store);
const connectionIds = [ownConnection.connectionId];
const limitedKey = await api.store.apiKeys.create({ name: 'limited', role: 'client', connectionIds, now: new Date() });
afterAll(() => api.stop());

const send = (id: KeyedEndpointId, planted: PlantedConnection, key: string) => {
  const { method, path, ...options } = toRequest(id, planted);
  return api.request(method, path, { ...options, authorization: `Bearer ${key}` });
};
const endpointOf = (id: string): Endpoint => {
  const endpoint = endpoints.find((candidate) => candidate.id === id);
  if (!endpoint) throw new Error(`${id} is not in the list of endpoints`);
  return endpoint;
};
const idsOf = (planted: PlantedConnection) => Object.values(planted) as string[];
const ids = Object.keys(endpointRequests) as KeyedEndpointId[];
const answeredBy = (is: (answer: string) => boolean) =>
  ids.filter((id) => is(endpointRequests[id].answer)).map((id) => ({ id, answer: endpointRequests[id].answer }));

test('only the endpoints for operators refuse client keys', () => {
  const ofOperators = ids.filter((id) => endpointOf(id).access === 'operator');
  expect(answeredBy((answer) => answer === 'operators').map(({ id }) => id)).toEqual(ofOperators);
});

test.each(answeredBy((answer) => answer === 'operators'))('$id returns 403 for client keys', async ({ id }) => {
  for (const key of [limitedKey, api.clientKey]) {
    expect((await send(id, ownConnection, key)).refusal).toEqual([403, 'forbidden']);
  }
});

/** Reads a list with a key for all connections, and with one for the own connection. */
async function expectOwnOnly(otherConnection: PlantedConnection, read: (key: string) => ReturnType<typeof send>) {
  const all = await read(api.clientKey);
  expect(idsOf(otherConnection).some((id) => all.text.includes(id))).toBe(true);
  const { status, text } = await read(limitedKey);
  expect(status).toBe(200);
  expect(idsOf(ownConnection).some((id) => text.includes(id))).toBe(true);
  expect(idsOf(otherConnection).filter((id) => text.includes(id))).toEqual([]);
}

test.each(answeredBy((answer) => answer === 'filtered'))(
  '$id shows only data of the key’s connections',
  async ({ id }) => {
    const otherConnection = await plantConnection(api.store);
    await expectOwnOnly(otherConnection, (key) => send(id, otherConnection, key));
  },
);

/** Lists that the requests above read of one connection, and that can be read of all. */
const optional = answeredBy((answer) => answer === 'unknown-connection').filter(({ id }) => {
  const { method, request } = endpointOf(id);
  return method === 'get' && request.query?.shape.connectionId?.safeParse(undefined).success === true;
});

test.each(optional)('$id without a connection shows only data of the key’s connections', async ({ id }) => {
  const path = toRequest(id, ownConnection).path.replace(/[?].*/, '?limit=1000');
  await expectOwnOnly(await plantConnection(api.store), (key) =>
    api.request('GET', path, { authorization: `Bearer ${key}` }),
  );
});

test.each(answeredBy((answer) => answer === 'open'))('$id shows no data of other connections', async ({ id }) => {
  const otherConnection = await plantConnection(api.store);
  for (const key of [limitedKey, api.clientKey]) {
    const { status, text } = await send(id, otherConnection, key);
    expect([status, idsOf(otherConnection).filter((id) => text.includes(id))]).toEqual([200, []]);
  }
});

test.each(answeredBy((answer) => /^unknown-/.test(answer)))(
  '$id returns $answer for another connection, exactly as for an unknown one',
  async ({ id, answer }) => {
    const otherConnection = await plantConnection(api.store);
    const refused = await send(id, otherConnection, limitedKey);
    expect(refused.refusal).toEqual([404, answer]);
    const none = Object.fromEntries(Object.entries(otherConnection).map(([field, value]) => [field, `${value}0`]));
    const unknown = await send(id, none as unknown as PlantedConnection, limitedKey);
    expect([unknown.status, unknown.body]).toEqual([404, refused.body]);
    // A client key for that connection finds it.
    const { status, body } = await send(id, otherConnection, api.clientKey);
    expect({ id, is: [403, 500].includes(status) ? status : 'answered' }).toEqual({ id, is: 'answered' });
    expect(body?.error?.code).not.toBe(answer);
  },
);

test('a key for one connection does not learn about runs of another, neither their ids nor that they are active', async () => {
  const { connectionId } = await plantConnection(api.store);
  const start = (key: string) =>
    api.request('POST', '/api/ehr/athenahealth/bulk-export', {
      body: { connectionId },
      authorization: `Bearer ${key}`,
      headers: { 'idempotency-key': 'the-same' },
    });
  const { id } = (await start(api.operatorKey)).body.data;
  expect((await start(api.clientKey)).body.error.details).toEqual({ exportId: id });
  const refused = await start(limitedKey);
  expect(refused.refusal).toEqual([404, 'unknown-connection']);
  expect(refused.text).not.toContain(id);
});

test('a key for one connection finds no data of another with the filters of a list', async () => {
  const otherConnection = await plantConnection(api.store);
  const list = (path: string) => api.request('GET', `/api/ehr${path}`, { authorization: `Bearer ${limitedKey}` });
  expect((await list(`/quarantine?runId=${otherConnection.exportId}`)).body.data).toEqual([]);
  for (const records of ['quarantine', 'schedules']) {
    const { refusal } = await list(`/${records}?connectionId=${otherConnection.connectionId}`);
    expect(refusal).toEqual([404, 'unknown-connection']);
  }
  expect((await list(`/quarantine?runId=${ownConnection.exportId}`)).body.data).toHaveLength(1);
});

test('a key for one connection works for that connection', async () => {
  const { status } = await send('startBulkExport', ownConnection, limitedKey);
  expect(status).toBe(202);
});
