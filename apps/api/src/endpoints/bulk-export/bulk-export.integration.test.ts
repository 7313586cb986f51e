import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const path = '/api/ehr/athenahealth/bulk-export';
const another = 'another';
const environments = { main: { fhirEndpoint: 'https://another.example/r4' } };
const api = await startApi({
  providers: [{ id: another, name: 'Another', environments, defaultEnvironment: 'main' }],
});
const connectionId = await api.createConnection();
afterAll(() => api.stopAndCheckAnswers());

const post = (body: unknown, at = path) => api.request('POST', at, { body });
const types = (count: number) => Array.from({ length: count }, () => 'Patient');
/** The body of an answer with an error. @param text a part of its message */
const failure = (code: string, text = '') => ({
  success: false,
  error: { code, message: expect.stringContaining(text) },
});
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

test('POST bulk-export returns 202 without a statusUrl while no worker is running', async () => {
  const { status, body } = await post({ connectionId, resourceTypes: ['CarePlan'] });
  expect(status).toBe(202);
  expect(body).toEqual({
    success: true,
    data: {
      id: expect.stringMatching(/^job_[0-9a-f]{32}$/),
      status: 'IN_PROGRESS',
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
  });
  const read = await api.request('GET', `${path}/${body.data.id}`);
  expect(read.status).toBe(200);
  expect(read.body.data).toEqual(
    expect.objectContaining({
      id: body.data.id,
      status: 'IN_PROGRESS',
      phase: 'queued',
      request: { exportType: 'Patient', resourceTypes: ['CarePlan'] },
    }),
  );
  const files = await api.request('GET', `${path}/${body.data.id}/files`);
  expect([files.status, files.body]).toEqual([200, { success: true, data: [] }]);
});

test.each([[['Appointment']], [['Appointment', 'Coverage']]])(
  'POST bulk-export requests %s, and says what is known against the export of a type',
  async (resourceTypes) => {
    const { status, body } = await post({ connectionId, resourceTypes });
    expect(status).toBe(202);
    expect((await api.request('GET', `${path}/${body.data.id}`)).body.data).toMatchObject({
      phase: 'queued',
      request: { exportType: 'Patient', resourceTypes },
      warnings: [{ code: 'type-doubtful', message: expect.stringMatching(/Appointment.*2026-11-29.*the EHR decides/) }],
    });
  },
);

test.each([
  { what: 'a truncated body', body: '{"connectionId":' },
  { what: 'a JSON string', body: '"export everything"' },
  { what: 'plain text', body: 'connectionId=1' },
])('POST bulk-export returns 400 not-json for $what', async ({ body }) => {
  const answer = await post(body);
  expect([answer.status, answer.body]).toEqual([400, failure('not-json', 'Content-Type')]);
});

test.each([
  { what: 'no body', body: undefined, faults: { connectionId: /is required/ } },
  { what: 'an array', body: [], faults: { '': /must be an object/ } },
  { what: 'an empty object', body: {}, faults: { connectionId: /is required/ } },
  { what: 'a wrong type', body: { connectionId: 7 }, faults: { connectionId: /must be a string/ } },
  {
    what: 'a query operator instead of a string',
    body: { connectionId: { $ne: '' } },
    faults: { connectionId: /must be a string/ },
  },
  { what: 'no types', body: { connectionId: 'c', resourceTypes: [] }, faults: { resourceTypes: /is an empty list/ } },
  {
    what: '51 types',
    body: { connectionId: 'c', resourceTypes: types(51) },
    faults: { resourceTypes: /more than 50/ },
  },
  {
    what: 'a string instead of a list of types',
    body: { connectionId: 'c', resourceTypes: 'Patient' },
    faults: { resourceTypes: /must be a list/ },
  },
  {
    what: 'a date without a time as since',
    body: { connectionId: 'c', since: '2024-01-01' },
    faults: { since: /must be a timestamp/ },
  },
  {
    what: 'an instant without a time zone',
    body: { connectionId: 'c', since: '2024-01-01T00:00:00' },
    faults: { since: /must be a timestamp/ },
  },
  {
    what: 'an instant that does not exist',
    body: { connectionId: 'c', since: '2024-02-31T00:00:00Z' },
    faults: { since: /must be a timestamp/ },
  },
  { what: 'a since in the future', body: { connectionId: 'c', since: inAnHour() }, faults: { since: /future/ } },
  {
    what: 'unknown fields',
    body: { connectionId: 'c', Since: 'x', limit: 1 },
    faults: { Since: /not a field/, limit: /not a field/ },
  },
  {
    what: 'everything wrong at once',
    body: { connectionId: '', exportType: 'Everything', resourceTypes: ['Patient', 'Pateint', 3], since: 5, x: 1 },
    faults: {
      connectionId: /1 char/,
      exportType: /one of: Patient/,
      'resourceTypes.1': /"Pateint" is not a FHIR R4 resource type/,
      'resourceTypes.2': /must be a string/,
      since: /must be a timestamp/,
      x: /not a field/,
    },
  },
])('POST bulk-export returns 400 and each fault once for $what', async ({ body, faults }) => {
  const answer = await post(body);
  expect(answer.refusal).toEqual([400, 'invalid-request']);
  expect(answer.faults.toSorted()).toEqual(Object.keys(faults).sort());
  for (const [at, message] of Object.entries(faults)) {
    expect(answer.body.error.details[answer.faults.indexOf(at)].message).toMatch(message);
  }
});

test('POST bulk-export returns 413 for a body over 100 KB', async () => {
  const answer = await post({ connectionId: 'x'.repeat(110_000) });
  expect([answer.status, answer.body]).toEqual([413, failure('body-too-large', '100 KB')]);
});

test('POST bulk-export returns 404 for an unknown connection or provider', async () => {
  expect((await post({ connectionId: 'conn_none' })).refusal).toEqual([404, 'unknown-connection']);
  const { message } = (await post({ connectionId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' })).body.error;
  expect(message).toMatch(/^This is the id of an export, and the id of a connection is needed/);
  const provider = await post({ connectionId }, '/api/ehr/unknown-ehr/bulk-export');
  expect([provider.status, provider.body]).toEqual([404, failure('unknown-provider', 'athenahealth')]);
});

test('bulk exports are listed newest first, by connection, by status, and page by page', async () => {
  const connectionId = await api.createConnection();
  const ids: string[] = [];
  for (const resourceTypes of [['Patient'], ['Condition'], ['Encounter']]) {
    ids.push((await api.request('POST', path, { body: { connectionId, resourceTypes } })).body.data.id);
  }
  await api.request('DELETE', `${path}/${ids[1]}`);
  const list = async (query: string) => {
    const { body } = await api.request('GET', `${path}?connectionId=${connectionId}${query}`);
    return { ids: body.data.map(({ id }: { id: string }) => id), next: body.next };
  };
  expect(await list('')).toEqual({ ids: ids.toReversed(), next: undefined });
  expect(await list('&status=CANCELLED')).toEqual({ ids: [ids[1]], next: undefined });
  expect(await list('&limit=2')).toEqual({ ids: [ids[2], ids[1]], next: ids[1] });
  expect(await list(`&limit=2&cursor=${ids[1]}`)).toEqual({ ids: [ids[0]], next: undefined });
  expect((await api.request('GET', `${path}?connectionId=conn_none`)).status).toBe(404);
});

test('a hyphen as the provider lists the exports of all vendors, finds each by its id, and starts one', async () => {
  const other = await post({ provider: another, auth: { method: 'none' } }, '/api/ehr/connections');
  const started = await post({ connectionId: other.body.data.id }, '/api/ehr/-/bulk-export');
  const { id } = started.body.data;
  expect([started.status, started.headers.get('location')]).toEqual([202, `/api/ehr/${another}/bulk-export/${id}`]);
  const ofFirst = (await post({ connectionId, resourceTypes: ['Device'] })).body.data.id;
  const listed = async (at: string) => {
    const { body } = await api.request('GET', `/api/ehr/${at}/bulk-export?limit=2`);
    return body.data.map((record: { readonly id: string }) => record.id);
  };
  expect(await listed('-')).toEqual([ofFirst, id]);
  expect(await listed(another)).toEqual([id]);
  expect((await api.request('GET', `/api/ehr/-/bulk-export/${id}`)).body.data).toMatchObject({ id });
  expect((await api.request('GET', '/api/ehr/-/bulk-export/job_none')).refusal).toEqual([404, 'unknown-export']);
  expect((await post({}, '/api/ehr/-/authorize')).refusal).toEqual([404, 'unknown-provider']);
});

test('POST bulk-export returns 409 with the id for the same request while it is running, and 202 for another request', async () => {
  const first = await post({
    connectionId,
    resourceTypes: ['Observation', 'Condition'],
    since: '2024-01-01T00:00:00Z',
  });
  expect(first.status).toBe(202);
  const same = [
    { resourceTypes: ['Observation', 'Condition'], since: '2024-01-01T00:00:00Z' },
    { resourceTypes: ['Condition', 'Observation'], since: '2024-01-01T00:00:00Z' },
    { resourceTypes: ['Condition', 'Observation', 'Condition'], since: '2024-01-01T00:00:00Z' },
    { resourceTypes: ['Condition', 'Observation'], since: '2024-01-01T01:00:00.000+01:00' },
  ];
  for (const body of same) {
    const answer = await post({ connectionId, ...body });
    expect(answer.refusal).toEqual([409, 'export-already-running']);
    expect(answer.body.error.details).toEqual({ exportId: first.body.data.id });
  }
  const others = [
    { resourceTypes: ['Observation', 'Condition'], since: '2024-01-01T00:00:01Z' },
    { resourceTypes: ['Observation', 'Condition'] },
    { resourceTypes: ['Observation'], since: '2024-01-01T00:00:00Z' },
    { resourceTypes: ['Observation', 'Condition'], since: '2024-01-01T00:00:00Z', exportType: 'Group' },
  ];
  for (const body of others) expect((await post({ connectionId, ...body })).status).toBe(202);
});

test('only one of two identical simultaneous requests starts an export', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => post({ connectionId, resourceTypes: ['Goal'] })));
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409, 409, 409]);
  const started = answers.find(({ status }) => status === 202)?.body.data.id;
  const namedIds = answers.filter(({ status }) => status === 409).map(({ body }) => body.error.details.exportId);
  expect(new Set(namedIds)).toEqual(new Set([started]));
});

test.each([
  { what: 'an unknown job', at: '/athenahealth/bulk-export/job_none', code: 'unknown-export' },
  { what: "an unknown job's files", at: '/athenahealth/bulk-export/job_none/files', code: 'unknown-export' },
  { what: 'an unknown provider', at: '/unknown-ehr/bulk-export/job_none', code: 'unknown-provider' },
])('GET bulk-export returns 404 for $what', async ({ at, code }) => {
  expect((await api.request('GET', `/api/ehr${at}`)).refusal).toEqual([404, code]);
});

test('a request for patients, a time, elements and an order of files is stored, shown and recorded', async () => {
  const narrowed = {
    patients: ['p-1', 'p-2'],
    until: '2024-01-01T00:00:00Z',
    elements: ['id', 'Patient.name'],
    organizeOutputBy: 'Patient',
  };
  const { status, body } = await post({ connectionId, resourceTypes: ['Patient'], ...narrowed });
  expect(status).toBe(202);
  const { id } = body.data;
  expect((await api.request('GET', `${path}/${id}`)).body.data.request).toMatchObject(narrowed);
  // Another patient is another request.
  const other = await post({ connectionId, resourceTypes: ['Patient'], ...narrowed, patients: ['p-3'] });
  expect(other.status).toBe(202);
  const again = await post({ connectionId, resourceTypes: ['Patient'], ...narrowed, patients: ['p-2', 'p-1', 'p-1'] });
  expect(again.refusal).toEqual([409, 'export-already-running']);
  const recorded = await api.request('GET', '/api/ehr/audit-events?action=export.create&patient=p-1');
  expect(JSON.stringify(recorded.body.data)).toContain(id);
});

test.each([
  { body: { patients: [] }, fault: 'patients' },
  { body: { patients: ['Patient/p1'] }, fault: 'patients.0' },
  { body: { patients: Array.from({ length: 1001 }, (_, index) => `p${index}`) }, fault: 'patients' },
  { body: { patients: ['p1'], exportType: 'System' }, fault: 'patients' },
  { body: { patients: ['p1'], since: 'last' }, fault: 'since' },
  { body: { until: 'yesterday' }, fault: 'until' },
  { body: { until: '2999-01-01T00:00:00Z' }, fault: 'until' },
  { body: { until: '2024-01-01T00:00:00Z', since: '2024-01-01T00:00:00Z' }, fault: 'until' },
  { body: { elements: ['Patient.name.family'] }, fault: 'elements.0' },
  { body: { elements: ['a,b'] }, fault: 'elements.0' },
  { body: { organizeOutputBy: 'Nothing' }, fault: 'organizeOutputBy' },
])('POST bulk-export refuses $fault of a request that cannot be met', async ({ body, fault }) => {
  const { status, faults } = await post({ connectionId, ...body });
  expect([status, faults]).toEqual([400, [fault]]);
});

test.each([
  { what: 'no key', authorization: null },
  { what: 'a wrong key', authorization: 'Bearer bh_wrong' },
  { what: 'a key with another scheme', authorization: 'Basic YTpi' },
  { what: 'an empty key', authorization: 'Bearer ' },
])('every address returns 401 for $what', async ({ authorization }) => {
  for (const [method, at] of [
    ['POST', path],
    ['GET', `${path}/job_none`],
    ['GET', `${path}/job_none/files`],
    ['GET', '/api/ehr/athenahealth/capabilities?connectionId=c'],
    ['GET', '/api/ehr/connections'],
    ['POST', '/api/ehr/connections'],
    ['DELETE', '/api/ehr/connections/c'],
    ['GET', '/api/ehr/nothing'],
  ] as const) {
    const { status, headers, body } = await api.request(method, at, { authorization });
    expect([status, body]).toEqual([401, failure('unauthenticated', 'key')]);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  }
});

test('a client key may use the API', async () => {
  const { status } = await api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${api.clientKey}` });
  expect(status).toBe(200);
});

test.each([
  { method: 'GET', at: '/nothing' },
  { method: 'GET', at: '/api/ehr/nothing' },
  { method: 'GET', at: '/api/ehr/athenahealth/bulk-exports' },
])('$method $at returns 404 unknown-route', async ({ method, at }) => {
  expect((await api.request(method, at)).refusal).toEqual([404, 'unknown-route']);
});

test('an address that is not valid UTF-8 returns 400', async () => {
  const { refusal } = await api.request('GET', '/api/ehr/%E0%A4%A/bulk-export/job_none');
  expect(refusal).toEqual([400, 'invalid-request']);
});

test('every response has the request id of the log lines, and does not reveal the server software', async () => {
  const { headers } = await api.request('GET', '/api/ehr/connections');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get('x-powered-by')).toBeNull();
});
