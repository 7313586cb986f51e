import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const cohorts = `/api/ehr/connections/${connectionId}/cohorts`;
const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => `p${first + index}`);
const put = (name: string, body: object) => api.request('PUT', `${cohorts}/${name}`, { body });
const patch = (name: string, body: object) => api.request('PATCH', `${cohorts}/${name}`, { body });
const messages = ({ body }: { readonly body: { readonly error?: { readonly message?: string } } }) =>
  body.error?.message;

test('a cohort is added, listed, read, changed, replaced and deleted', async () => {
  const added = await put('diabetes', { patients: ['p1', 'p2', 'p1'] });
  expect([added.status, added.body.data]).toMatchObject([
    200,
    { connectionId, name: 'diabetes', patients: ['p1', 'p2'], count: 2 },
  ]);
  expect((await patch('diabetes', { add: ['p3', 'p2'], remove: ['p1'] })).body.data.patients).toEqual(['p2', 'p3']);
  expect((await api.request('GET', `${cohorts}/diabetes`)).body.data).toMatchObject({ patients: ['p2', 'p3'] });
  await put('all', { patients: idsFrom(1, 3) });
  const { data } = (await api.request('GET', cohorts)).body;
  expect(data.map(({ name, count, patients }: never) => [name, count, patients])).toEqual([
    ['all', 3, undefined],
    ['diabetes', 2, undefined],
  ]);
  expect((await put('diabetes', { patients: ['p9'] })).body.data.patients).toEqual(['p9']);
  expect((await api.request('DELETE', `${cohorts}/diabetes`)).status).toBe(204);
  for (const method of ['GET', 'DELETE'])
    expect(await api.request(method, `${cohorts}/diabetes`)).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown-cohort' } },
    });
});

test('lists that cannot be exported are refused with the reason, and change nothing', async () => {
  await put('panel', { patients: ['p1'] });
  const other = 'https://other.example/fhir/Patient/p1';
  for (const [body, reason] of [
    [{ patients: [] }, 'is an empty list'],
    [{ patients: ['p1', other] }, 'is an address'],
    [{ patients: ['Patient/p1'] }, 'without `Patient/`'],
    [{ patients: idsFrom(0, 10_001) }, 'names more than 10000 patients'],
    [{ patients: ['p1'], cohort: 'x' }, 'cohort'],
  ] as const) {
    const answer = await put('panel', body);
    expect([answer.status, messages(answer)]).toEqual([400, expect.stringContaining(reason)]);
  }
  const million = await put('panel', { patients: idsFrom(0, 1_000_000) });
  expect([million.status, messages(million)]).toEqual([413, expect.stringContaining('larger than 1024 KB')]);
  expect((await put('no%20name', { patients: ['p1'] })).status).toBe(400);
  expect(await patch('panel', { remove: ['p1'] })).toMatchObject({
    status: 409,
    body: { error: { code: 'cohort-empty' } },
  });
  expect(await patch('panel', {})).toMatchObject({ status: 400 });
  expect(await patch('none', { add: ['p1'] })).toMatchObject({ status: 404 });
  expect((await api.request('GET', `${cohorts}/panel`)).body.data.patients).toEqual(['p1']);
});

test('a cohort has at most 10,000 patients, also if several requests add them at once', async () => {
  await put('large', { patients: idsFrom(0, 9000) });
  const answers = await Promise.all(
    [1, 2, 3, 4].map((part) => patch('large', { add: idsFrom(9000 + part * 400, 400) })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 409, 409]);
  expect((await api.request('GET', `${cohorts}/large`)).body.data.count).toBe(9800);
});

test('an export names a cohort of its connection, or patients, but not both', async () => {
  const start = (body: object) =>
    api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId, ...body } });
  expect(await start({ cohort: 'none' })).toMatchObject({ status: 404, body: { error: { code: 'unknown-cohort' } } });
  await put('panel', { patients: ['p1'] });
  expect((await start({ cohort: 'panel', patients: ['p1'] })).status).toBe(400);
  expect((await start({ cohort: 'panel', exportType: 'System' })).status).toBe(400);
  const { status, body } = await start({ cohort: 'panel' });
  expect(status).toBe(202);
  const shown = await api.request('GET', `/api/ehr/athenahealth/bulk-export/${body.data.id}`);
  expect(shown.body.data.request).toMatchObject({ cohort: 'panel' });
});

test('a schedule of exports names a cohort of its connection', async () => {
  const create = (request: object, kind = 'export') =>
    api.request('POST', '/api/ehr/schedules', {
      body: { connectionId, kind, cron: '0 3 * * *', timeZone: 'UTC', request },
    });
  await put('panel', { patients: ['p1'] });
  const { status, body } = await create({ cohort: 'panel' });
  expect([status, body.data.request]).toEqual([201, { cohort: 'panel' }]);
  expect(await create({ cohort: 'none' })).toMatchObject({ status: 404, body: { error: { code: 'unknown-cohort' } } });
  expect((await create({ cohort: 'panel' }, 'sync')).status).toBe(400);
  await api.request('DELETE', `${cohorts}/panel`);
  const run = await api.request('POST', `/api/ehr/schedules/${body.data.id}/run`);
  expect(run).toMatchObject({ status: 404, body: { error: { code: 'unknown-cohort' } } });
});
