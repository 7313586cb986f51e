import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actions } from '../actions.ts';
import { listRoutes } from '../testing/list-routes.ts';
import { type PlantedConnection, plantConnection } from '../testing/plant-connection.ts';
import { type RouteRow, routeRows as rows } from '../testing/route-rows.ts';
import { startApi, type TestApi } from '../testing/start-api.ts';

let api: TestApi;
let own: PlantedConnection;
let limitedKey: string;
beforeAll(async () => {
  api = await startApi();
  own = await plantConnection(api.store);
  const connectionIds = [own.connectionId];
  limitedKey = await api.store.apiKeys.create({ name: 'limited', role: 'client', connectionIds, now: new Date() });
});
afterAll(() => api.stop());

const ask = (name: string, planted: PlantedConnection, key: string) => {
  const { path, ...options } = (rows[name] as RouteRow).ask(planted);
  const [method = ''] = name.split(' ');
  return api.request(method, `/api/ehr${path}`, { ...options, authorization: `Bearer ${key}` });
};
const idsOf = (planted: PlantedConnection) => Object.values(planted) as string[];
const routes = listRoutes();

describe('every route', () => {
  test('stands in this table, and says what it does', () => {
    expect(routes.map(({ name }) => name).sort()).toEqual(Object.keys(rows).sort());
    expect(routes.filter(({ action }) => action === undefined)).toEqual([]);
    const inBrowser = ['session.login', 'session.logout', 'queue.change'];
    const named = new Set([...routes.map(({ action }) => action), ...inBrowser]);
    expect([...named].sort()).toEqual(Object.keys(actions).sort());
  });

  test.each(
    routes.filter(({ name }) => rows[name]?.answer === 'operators').map(({ name, action }) => ({ name, action })),
  )('$name is for operators', async ({ name, action }) => {
    expect(action && actions[action].role).toBe('operator');
    for (const key of [limitedKey, api.clientKey]) {
      const { status, body } = await ask(name, own, key);
      expect([status, body.error.code]).toEqual([403, 'forbidden']);
    }
  });

  test.each(routes.filter(({ name }) => rows[name]?.answer === 'filtered').map(({ name }) => ({ name })))(
    '$name shows what is of the key’s own connections only',
    async ({ name }) => {
      const other = await plantConnection(api.store);
      const all = await ask(name, other, api.clientKey);
      expect(idsOf(other).some((id) => all.text.includes(id))).toBe(true);
      const { status, text } = await ask(name, other, limitedKey);
      expect(status).toBe(200);
      expect(idsOf(own).some((id) => text.includes(id))).toBe(true);
      expect(idsOf(other).filter((id) => text.includes(id))).toEqual([]);
    },
  );

  test.each(routes.filter(({ name }) => rows[name]?.answer === 'open').map(({ name }) => ({ name })))(
    '$name shows nothing of a connection, but which one a key is for',
    async ({ name }) => {
      const other = await plantConnection(api.store);
      for (const key of [limitedKey, api.clientKey]) {
        const { status, text } = await ask(name, other, key);
        expect([status, idsOf(other).filter((id) => text.includes(id))]).toEqual([200, []]);
      }
    },
  );

  const hidden = routes.filter(({ name }) => /^unknown-/.test(rows[name]?.answer ?? ''));
  test.each(hidden.map(({ name }) => ({ name, answer: rows[name]?.answer })))(
    '$name answers $answer for another connection, as for one that there is not',
    async ({ name, answer }) => {
      const other = await plantConnection(api.store);
      const refused = await ask(name, other, limitedKey);
      expect([refused.status, refused.body.error.code]).toEqual([404, answer]);
      const none = Object.fromEntries(Object.entries(other).map(([field, id]) => [field, `${id}0`]));
      const unknown = await ask(name, none as unknown as PlantedConnection, limitedKey);
      expect([unknown.status, unknown.body]).toEqual([404, refused.body]);
      // It is there for a client who may know of it.
      const { status, body } = await ask(name, other, api.clientKey);
      expect({ name, is: [403, 500].includes(status) ? status : 'answered' }).toEqual({ name, is: 'answered' });
      expect(body?.error?.code).not.toBe(answer);
    },
  );
});

describe('a key for one connection', () => {
  test('is told nothing of what runs for another: neither its id nor that it runs', async () => {
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
    expect([refused.status, refused.body.error.code, refused.text.includes(id)]).toEqual([
      404,
      'unknown-connection',
      false,
    ]);
  });

  test('finds nothing of another by the filters of a list', async () => {
    const other = await plantConnection(api.store);
    const list = (path: string) => api.request('GET', `/api/ehr${path}`, { authorization: `Bearer ${limitedKey}` });
    for (const filter of [`connectionId=${other.connectionId}`, `exportId=${other.exportId}`]) {
      expect((await list(`/quarantine?${filter}`)).body.data).toEqual([]);
    }
    expect((await list(`/schedules?connectionId=${other.connectionId}`)).status).toBe(404);
    expect((await list(`/quarantine?exportId=${own.exportId}`)).body.data).toHaveLength(1);
  });

  test('works for its own connection', async () => {
    const { status } = await ask('POST /:provider/bulk-export', own, limitedKey);
    expect(status).toBe(202);
  });
});
