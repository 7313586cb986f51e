import { afterAll, expect, test } from '@jest/globals';
import { logIn } from '../testing/log-in.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
await api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId } });
const operator = await logIn(api, api.operatorKey);
const client = await logIn(api, api.clientKey);
afterAll(() => api.stopAndCheckAnswers());

const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  api.request(method, path, { authorization: null, headers: { 'sec-fetch-site': 'same-origin', ...headers } });
const basic = (password: string) => `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
const pause = '/admin/queues/api/queues/bulk-export/pause';

test('Bull Board redirects to the login and back without a session', async () => {
  for (const at of ['/admin/queues', '/admin/queues/', '/ADMIN/queues/queue/sync?page=2']) {
    for (const authorization of [undefined, basic(api.operatorKey), `Bearer ${api.operatorKey}`]) {
      const { status, headers } = await send('GET', at, authorization === undefined ? {} : { authorization });
      expect([status, headers.get('location')]).toEqual([302, `/login?next=${encodeURIComponent(at)}`]);
    }
  }
});

test('Bull Board refuses requests of its scripts without a session', async () => {
  for (const cookie of ['', 'bulkhead=wrong']) {
    expect((await send('GET', '/admin/queues/api/queues', { cookie })).status).toBe(401);
    expect((await send('GET', '/ADMIN/queues/API/queues', { cookie })).status).toBe(401);
    expect((await send('PUT', pause, { cookie })).status).toBe(401);
  }
});

test('Bull Board shows an operator the queues, without secrets', async () => {
  const page = await send('GET', '/admin/queues/', { cookie: operator });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  expect(page.text).toContain('<title>Bull Board</title>');
  const { status, body } = await send('GET', '/admin/queues/api/queues', { cookie: operator });
  expect(status).toBe(200);
  expect(body.queues.map(({ name }: { name: string }) => name).sort()).toEqual([
    'bulk-export',
    'connection',
    'document',
    'file-download',
    'maintenance',
    'sync',
    'webhook',
  ]);
});

test('Bull Board accepts and audits a change of an operator, from its own page only', async () => {
  const changed = await send('PUT', pause, { cookie: operator });
  expect(changed.status).toBeLessThan(300);
  await send('PUT', pause.replace('pause', 'resume'), { cookie: operator });
  const { refusal } = await send('PUT', pause, { cookie: operator, 'sec-fetch-site': 'cross-site' });
  expect(refusal).toEqual([403, 'cross-site-request']);
  const { body } = await api.request('GET', '/api/ehr/audit-events?action=queue.change');
  expect(body.data).toMatchObject([
    { outcome: 'success', target: { path: '/api/queues/bulk-export/resume' }, actor: { kind: 'session' } },
    { outcome: 'success', target: { path: '/api/queues/bulk-export/pause' }, actor: { kind: 'session' } },
  ]);
});

test.each([
  { what: 'a new job', method: 'POST', path: '/queues/connection/add' },
  { what: 'a new job, with another spelling of the path', method: 'POST', path: '/QUEUES/connection/ADD/' },
  { what: 'changed data of a job', method: 'PATCH', path: '/queues/connection/1/update-data' },
  { what: 'changed data of a schedule', method: 'PATCH', path: '/queues/maintenance/job-schedulers/sweep' },
])('Bull Board refuses $what ($method $path), so that Redis contains no typed text', async ({ method, path }) => {
  const body = { name: 'connection.test', data: { note: 'planted' }, options: {} };
  const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', cookie: operator };
  const answer = await api.request(method, `/admin/queues/api${path}`, { authorization: null, headers, body });
  expect([answer.status, answer.body.error?.code]).toEqual([403, 'forbidden']);
  const { jobs } = (
    await send('GET', '/admin/queues/api/queues?activeQueue=connection', { cookie: operator })
  ).body.queues.find(({ name }: { name: string }) => name === 'connection');
  expect(JSON.stringify(jobs)).not.toContain('planted');
});

test('Bull Board is read-only with a client key for all connections', async () => {
  const { status, body } = await send('GET', '/admin/queues/api/queues', { cookie: client });
  expect(status).toBe(200);
  expect(body.queues.every(({ readOnlyMode }: { readOnlyMode: boolean }) => readOnlyMode)).toEqual(true);
  expect((await send('PUT', pause, { cookie: client })).status).toBe(403);
});

test('the audit log records no success for a change with a client key on Bull Board', async () => {
  // Bull Board itself answers this request with 200 and skips every read-only queue.
  const everyQueue = '/admin/queues/api/queues/pause';
  expect((await send('PUT', everyQueue, { cookie: client })).refusal).toEqual([403, 'forbidden']);
  expect((await send('OPTIONS', '/admin/queues/api/queues', { cookie: client })).status).toBe(200);
  const { data } = (await api.request('GET', '/api/ehr/audit-events?action=queue.change&limit=1')).body;
  expect(data).toMatchObject([
    { outcome: 'refused', code: 'forbidden', target: { path: '/api/queues/pause' }, actor: { role: 'client' } },
  ]);
  const { queues } = (await send('GET', '/admin/queues/api/queues', { cookie: operator })).body;
  expect(queues.filter(({ isPaused }: { isPaused: boolean }) => isPaused)).toEqual([]);
});

test('Bull Board refuses a key for some connections, because it shows the jobs of all', async () => {
  const now = new Date();
  const key = await api.store.apiKeys.create({ name: 'x', role: 'client', connectionIds: [connectionId], now });
  const cookie = await logIn(api, key);
  for (const at of ['/admin/queues', '/admin/queues/api/queues']) {
    expect((await send('GET', at, { cookie })).status).toBe(403);
  }
});
