import { makeConnection } from '@bulkhead/connections/testing';
import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../testing/start-api.ts';

const hourMs = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hourMs);
const count = 60;
const idOf = (index: number) => `conn_${String(index).padStart(3, '0')}`;

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  for (let index = 0; index < count; index++) {
    const id = idOf(index);
    await api.store.connections.insert(makeConnection({ id, name: `Practice ${index}`, practiceId: `19${index}` }));
    await api.store.connections.saveTest({ id, test: { id: 't', ok: true, endedAt: ago(1), steps: [] } });
  }
  await plantFailure(3);
  await plantFailure(40);
  await plantLag(17, 50);
  await plantLag(18, 60);
  await plantLag(19, 2);
  await api.request('GET', '/api/ehr/health-report?fresh=true');
});
afterAll(() => api.stop());

async function plantFailure(index: number): Promise<void> {
  const record = makeBulkExport({ id: `job_${index}`, connectionId: idOf(index) });
  await api.store.bulkExports.insert({ record, requestKey: record.id });
  const error = { code: 'token-refused' as const, message: 'The EHR refused the client secret. Update it.' };
  await api.store.bulkExports.transition({
    from: anyPhase(record),
    to: 'failed',
    change: { completedAt: ago(1), error },
  });
}

async function plantLag(index: number, hours: number): Promise<void> {
  const connectionId = idOf(index);
  await api.store.schedules.insert(makeSchedule({ connectionId, nextRunAt: ago(-1), createdAt: ago(hours) }));
}

async function list(
  query = '',
): Promise<{ ids: string[]; next: string | undefined; rows: { [name: string]: unknown }[] }> {
  const { body } = await api.request('GET', `/api/ehr/connections${query}`);
  return { ids: body.data.map(({ id }: { id: string }) => id), next: body.next, rows: body.data };
}

test('lists connections in pages, the oldest first', async () => {
  const first = await list('?limit=25');
  expect(first.ids).toEqual(Array.from({ length: 25 }, (_, index) => idOf(index)));
  const { ids, next } = await list(`?limit=50&cursor=${first.next}`);
  expect([ids[0], ids.length, next]).toEqual([idOf(25), 35, undefined]);
});

test('lists the worst first, then those that are furthest behind, each with its last export, lag and next run', async () => {
  const { ids, rows } = await list('?sort=worst&limit=5');
  expect(ids).toEqual([3, 40, 18, 17, 19].map(idOf));
  expect(rows[0]).toMatchObject({
    status: 'critical',
    problems: [{ key: 'credentials', title: 'the EHR refuses the credentials', severity: 'critical' }],
    lastExport: { id: 'job_3', status: 'FAILED' },
  });
  expect(rows[2]).toMatchObject({ status: 'warning', problems: [{ key: 'lag', severity: 'warning' }] });
  expect(Number(rows[2]?.lagSeconds) / 3600).toBeCloseTo(60, 0);
  expect(rows[4]).toMatchObject({ status: 'ok', problems: [], nextRunAt: expect.any(String) });
});

test('says how many connections match, on the first page and if it is asked', async () => {
  const { body } = await api.request('GET', '/api/ehr/connections?status=ok&limit=1&total=true');
  expect([body.data.length, body.total]).toEqual([1, count - 4]);
  const next = await api.request('GET', `/api/ehr/connections?status=ok&limit=1&total=true&cursor=${body.next}`);
  expect(next.body.total).toBeUndefined();
});

test.each([
  { query: 'problem=lag', found: [17, 18] },
  { query: 'problem=credentials', found: [3, 40] },
  { query: 'status=critical', found: [3, 40] },
  { query: 'status=critical&search=practice%204', found: [40] },
  { query: 'search=1944', found: [44] },
  { query: `ids=${idOf(5)},${idOf(1)},conn_none`, found: [1, 5] },
  { query: 'provider=another', found: [] },
  { query: 'hasWebhook=true', found: [] },
])('lists only the connections that match $query', async ({ query, found }) => {
  expect((await list(`?${query}`)).ids).toEqual(found.map(idOf));
});

test('counts connections by status, vendor and problem', async () => {
  const { body } = await api.request('GET', '/api/ehr/connections/counts');
  expect(body.data).toMatchObject({
    total: count,
    byStatus: { critical: 2, warning: 2, ok: count - 4, unchecked: 0 },
    byProvider: { athenahealth: count },
    problems: [
      { key: 'credentials', connections: 2 },
      { key: 'lag', connections: 2 },
    ],
  });
});

test('a client key lists and counts its own connections only', async () => {
  const key = await api.store.apiKeys.create({
    name: 'few',
    role: 'client',
    connectionIds: [idOf(3)],
    now: new Date(),
  });
  const authorization = `Bearer ${key}`;
  const { body } = await api.request('GET', '/api/ehr/connections', { authorization });
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual([idOf(3)]);
  const counts = await api.request('GET', '/api/ehr/connections/counts', { authorization });
  expect(counts.body.data).toMatchObject({ total: 1, byStatus: { critical: 1 } });
});
