import { startTcpProxy, testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const path = '/api/ehr/schedules';
const nightly = { cron: '0 2 * * *', timeZone: 'America/Chicago', kind: 'sync' };

const provider = {
  id: 'nightly-ehr',
  name: 'An EHR with a default schedule',
  environments: { test: { fhirEndpoint: 'http://open.example/fhir/' } },
  defaultEnvironment: 'test',
  defaultSchedule: nightly,
};
const api = await startApi({ providers: [provider] });
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const post = (body: object) =>
  api.request('POST', path, { body: { connectionId, kind: 'export', cron: '30 2 * * *', timeZone: 'UTC', ...body } });

test('a schedule of exports may name a type whose export is doubtful', async () => {
  const { status, body } = await post({ request: { resourceTypes: ['Patient', 'Appointment'] } });
  expect([status, body.data?.request]).toEqual([201, { resourceTypes: ['Patient', 'Appointment'] }]);
  await api.request('DELETE', `${path}/${body.data.id}`);
});

test('schedules are created, listed, read, changed and deleted', async () => {
  const created = await post({ request: { resourceTypes: ['Patient'] }, timeZone: 'Europe/Berlin' });
  const { data } = created.body;
  expect([created.status, created.headers.get('location')]).toEqual([201, `${path}/${data.id}`]);
  expect(data).toEqual({
    id: expect.stringMatching(/^sched_[0-9a-f]{32}$/),
    connectionId,
    provider: 'athenahealth',
    kind: 'export',
    request: { resourceTypes: ['Patient'] },
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    spread: true,
    spreadMs: expect.any(Number),
    paused: false,
    nextRunAt: expect.stringMatching(/Z$/),
    nextRuns: expect.any(Array),
    createdAt: expect.stringMatching(/Z$/),
  });
  expect(data.nextRuns).toHaveLength(5);
  expect(data.nextRuns[0]).toBe(data.nextRunAt);

  const answer = await api.request('GET', `${path}/${data.id}`);
  expect([answer.status, answer.body.data]).toEqual([200, data]);
  const list = await api.request('GET', `${path}?connectionId=${connectionId}`);
  expect(list.body.data).toEqual([data]);

  const change = { cron: '15 4 * * *', timeZone: 'UTC', spread: false };
  const changed = (await api.request('PATCH', `${path}/${data.id}`, { body: change })).body.data;
  expect(changed).toMatchObject({ ...change, spreadMs: 0, nextRunAt: expect.stringContaining('T04:15:00.000Z') });

  expect((await api.request('DELETE', `${path}/${data.id}`)).status).toBe(204);
  const ways = { GET: '', PATCH: '', DELETE: '', POST: '/run' };
  for (const [method, end] of Object.entries(ways)) {
    const body = method === 'PATCH' ? { paused: true } : undefined;
    const { refusal } = await api.request(method, `${path}/${data.id}${end}`, { body });
    expect([method, ...refusal]).toEqual([method, 404, 'unknown-schedule']);
  }
});

test('running a schedule now returns 202 with the id of the run, and 409 with that id while it is active', async () => {
  const { id } = (await post({ request: { resourceTypes: ['Goal'] } })).body.data;
  const { status, body, headers } = await api.request('POST', `${path}/${id}/run`);
  expect([status, body.data.kind, headers.get('location')]).toEqual([202, 'export', body.data.url]);
  expect((await api.request('GET', body.data.url)).body.data).toMatchObject({
    id: body.data.id,
    status: 'IN_PROGRESS',
    request: { sinceLast: true, resourceTypes: ['Goal'] },
  });
  const secondAnswer = await api.request('POST', `${path}/${id}/run`);
  expect(secondAnswer.refusal).toEqual([409, 'export-already-running']);
  expect(secondAnswer.body.error.details).toEqual({ exportId: body.data.id });
  const { lastRun } = (await api.request('GET', `${path}/${id}`)).body.data;
  expect(lastRun).toMatchObject({ outcome: 'started', runId: body.data.id, runStatus: 'IN_PROGRESS' });
});

test('schedules can be created, changed and deleted without Redis, and only an immediate run needs it', async () => {
  const services = testServices();
  await using proxy = await startTcpProxy(services.redisUrl);
  await using ownApi = await startApi({ services: { ...services, redisUrl: proxy.url } });
  const body = { connectionId: await ownApi.createConnection(), kind: 'export', cron: '0 2 * * *', timeZone: 'UTC' };
  await proxy.close();
  const created = await ownApi.request('POST', path, { body });
  const at = `${path}/${created.body.data.id}`;
  const changed = await ownApi.request('PATCH', at, { body: { paused: true } });
  const run = await ownApi.request('POST', `${at}/run`);
  const deleted = await ownApi.request('DELETE', at);
  expect([created.status, changed.status, run.status, deleted.status]).toEqual([201, 200, 503, 204]);
  expect(await ownApi.store.bulkExports.listActive()).toEqual([]);
});

test.each([
  { what: 'a day that does not exist', body: { cron: '0 2 30 2 *' }, at: ['cron'], says: 'never fires' },
  { what: 'a cron that runs every minute', body: { cron: '* * * * *' }, at: ['cron'], says: '15 minutes' },
  { what: 'a cron with seconds', body: { cron: '0 0 2 * * *' }, at: ['cron'], says: 'five fields' },
  { what: 'a text that is not a cron', body: { cron: 'nightly' }, at: ['cron'], says: 'five fields' },
  { what: 'an unknown time zone', body: { timeZone: 'Mars/Olympus' }, at: ['timeZone'], says: 'IANA' },
  { what: 'no time zone', body: { timeZone: undefined }, at: ['timeZone'], says: 'IANA' },
  { what: 'an unknown kind', body: { kind: 'backup' }, at: ['kind'], says: 'export, sync' },
  { what: 'an unknown field', body: { patients: [] }, at: ['patients'], says: 'no' },
  { what: 'several faults', body: { kind: 'x', cron: '', timeZone: '' }, at: ['kind', 'cron', 'timeZone'], says: '' },
  {
    what: 'an unknown type',
    body: { request: { resourceTypes: ['Patient', 'Pasta'] } },
    at: ['request.resourceTypes.1'],
    says: 'not a FHIR R4 resource type',
  },
  {
    what: 'an unknown level of its exports',
    body: { request: { exportType: 'Galaxy' } },
    at: ['request.exportType'],
    says: 'must be one of: ',
  },
  {
    what: 'types that are not a list',
    body: { request: { resourceTypes: 'Patient' } },
    at: ['request.resourceTypes'],
    says: 'must be a list',
  },
  { what: 'its own `since`', body: { request: { since: 'last' } }, at: ['request.since'], says: 'scheduled export' },
  {
    what: 'an option of the other kind of schedule',
    body: { kind: 'sync', request: { exportType: 'Group' } },
    at: ['request.exportType'],
    says: 'scheduled sync',
  },
  {
    what: 'a sync without types',
    body: { kind: 'sync', request: { includeStandard: false, includeEnhanced: false } },
    at: ['request.includeStandard'],
    says: 'nothing would be synced',
  },
])('creating a schedule with $what returns 400 at $at', async ({ body, at, says }) => {
  const answer = await post(body);
  expect(answer.refusal).toEqual([400, 'invalid-request']);
  expect(answer.faults).toEqual(at);
  expect(answer.body.error.details[0].message).toContain(says);
});

test('creating a schedule for an unknown connection returns 404', async () => {
  const answers = [
    await post({ connectionId: 'conn_none' }),
    await api.request('GET', `${path}?connectionId=conn_none`),
  ];
  for (const { refusal } of answers) expect(refusal).toEqual([404, 'unknown-connection']);
});

test('changing nothing of a schedule, or setting a cron that never runs, returns 400', async () => {
  const { id } = (await post({})).body.data;
  const faultsOf = async (body: object) => (await api.request('PATCH', `${path}/${id}`, { body })).faults;
  expect(await faultsOf({})).toEqual(['paused']);
  expect(await faultsOf({ cron: '0 0 31 6 *' })).toEqual(['cron']);
  expect(await faultsOf({ kind: 'sync' })).toEqual(['kind', 'paused']);
});

test('a stored schedule whose time zone is unknown is shown with what to do, can be paused, and runs after a change of its zone', async () => {
  const created = (await post({ spread: false })).body.data;
  const schedule = await api.store.schedules.find(created.id);
  if (!schedule) throw new Error('no schedule');
  await api.store.schedules.change(schedule, { timeZone: 'Mars/Olympus' });
  const at = `${path}/${created.id}`;
  const { nextRunAt: _, ...unplanned } = created;
  const errorMessage = expect.stringContaining('Set another time zone');
  const broken = { ...unplanned, timeZone: 'Mars/Olympus', nextRuns: [], errorMessage };
  expect((await api.request('GET', at)).body.data).toEqual(broken);
  const list = await api.request('GET', `${path}?connectionId=${connectionId}&limit=500`);
  expect(list.body.data).toContainEqual(broken);

  const change = (body: object) => api.request('PATCH', at, { body });
  expect((await change({ paused: true })).body.data).toEqual({ ...broken, paused: true });
  for (const body of [{ paused: false }, { cron: '0 4 * * *' }]) {
    const answer = await change(body);
    expect([answer.refusal, answer.faults]).toEqual([[400, 'invalid-request'], ['timeZone']]);
  }
  const { status, body } = await change({ paused: false, timeZone: 'UTC' });
  expect([status, body.data]).toEqual([200, created]);
});

test('running a schedule whose stored request is no longer valid returns 409 with what to do', async () => {
  const schedule = await api.store.schedules.find((await post({})).body.data.id);
  if (!schedule) throw new Error('no schedule');
  // An earlier version accepted this request.
  const id = `${schedule.id}f`;
  await api.store.schedules.insert({ ...schedule, id, request: { resourceTypes: ['Unicorn'] } });
  const { refusal, body } = await api.request('POST', `${path}/${id}/run`);
  expect(refusal).toEqual([409, 'schedule-request-invalid']);
  expect(body.error.message).toContain('Delete the schedule and create it again.');
});

const connect = async (body: object) => {
  const fields = { provider: 'nightly-ehr', force: true, auth: { method: 'none' }, ...body };
  const { id } = (await api.request('POST', '/api/ehr/connections', { body: fields })).body.data;
  return (await api.request('GET', `${path}?connectionId=${id}`)).body.data;
};

test('a new connection gets the default schedule of its provider', async () => {
  expect(await connect({})).toMatchObject([{ ...nightly, spread: true, paused: false }]);
});

test('a new connection gets no schedule if the request declines it', async () => {
  expect(await connect({ schedule: false })).toEqual([]);
});

test('environment variables set the default schedule of athenahealth', async () => {
  const env = { ATHENAHEALTH_DEFAULT_SCHEDULE: JSON.stringify({ ...nightly, kind: 'export' }) };
  await using ownApi = await startApi({ env });
  const id = await ownApi.createConnection();
  const list = await ownApi.request('GET', `${path}?connectionId=${id}`);
  expect(list.body.data).toMatchObject([{ ...nightly, kind: 'export' }]);
});

test('the active schedules are listed in pages, the next run first', async () => {
  const crons = { '0 1 1 1 *': 'later', '0 */6 * * *': 'soon', '0 3 * * *': 'paused' };
  const names = new Map<string, string>();
  for (const [cron, name] of Object.entries(crons)) {
    const { id } = (await post({ cron, spread: false })).body.data;
    names.set(id, name);
    if (name === 'paused') await api.request('PATCH', `${path}/${id}`, { body: { paused: true } });
  }
  const listed: string[] = [];
  let cursor = '';
  do {
    const { body } = await api.request('GET', `${path}?connectionId=${connectionId}&sort=next&limit=1${cursor}`);
    listed.push(...body.data.map(({ id }: { id: string }) => names.get(id) ?? 'other'));
    cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
  } while (cursor !== '');
  expect(listed.filter((name) => name !== 'other')).toEqual(['soon', 'later']);
});
