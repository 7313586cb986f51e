import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createLogger } from '@bulkhead/base';
import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const logLines: string[] = [];
const logger = createLogger({ name: 'api', level: 'warn', destination: { write: (line) => logLines.push(line) } });
const api = await startApi({ logger });
const connectionId = await api.createConnection();
const other = await api.createConnection();
const third = await api.createConnection();
const at = '/api/ehr/athenahealth/tables';
afterAll(() => api.stopAndCheckAnswers());

const patient = (id: string, family: string, connection = connectionId) =>
  makeDocument({ resourceType: 'Patient', id, name: [{ family }] }, { connectionId: connection });
await api.store.prepareResourceTypes(['Patient', 'Observation']);
await api.store.resourceWriter.write('Patient', [
  patient('a', 'Doe'),
  patient('b', '=cmd'),
  patient('c', 'Roe', other),
]);

const get = (path: string) => api.request('GET', `${at}${path}`);
const post = (query: string, body: unknown) =>
  api.request('POST', `${at}?connectionId=${connectionId}${query}`, { body });
const names = {
  resource: 'Patient',
  select: [
    {
      column: [
        { name: 'key', path: 'id', type: 'id' },
        { name: 'family', path: 'name.family', type: 'string' },
      ],
    },
  ],
};

test('GET tables lists the published views with a sentence about each column', async () => {
  const { status, body } = await get('');
  expect([status, body.data.length]).toEqual([200, 25]);
  expect(body.data[0]).toMatchObject({
    name: 'patient',
    resourceType: 'Patient',
    columns: expect.arrayContaining([
      expect.objectContaining({ name: 'last_name', description: expect.stringMatching(/\.$/) }),
    ]),
  });
});

test('a table of a patient has what is about the patient, and not what the patient has asserted about another one', async () => {
  await api.store.prepareResourceTypes(['AllergyIntolerance']);
  const [mother, child] = ['mother', 'child'].map((id) => ({ reference: `Patient/${id}` }));
  const allergy = { resourceType: 'AllergyIntolerance', id: 'peanuts', patient: child, asserter: mother };
  await api.store.resourceWriter.write('AllergyIntolerance', [makeDocument(allergy, { connectionId })]);
  expect((await get(`/allergy?connectionId=${connectionId}&patient=mother`)).text).toBe('');
  expect((await get(`/allergy?connectionId=${connectionId}&patient=child`)).text).toContain('peanuts');
});

test('a view of one connection is read as NDJSON, and of several with the connection of each row', async () => {
  const { status, headers, text } = await get(`/patient?connectionId=${connectionId}`);
  expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
    200,
    'application/x-ndjson',
    'attachment; filename=patient.ndjson',
  ]);
  expect(
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).last_name)
      .toSorted(),
  ).toEqual(['=cmd', 'Doe']);
  const both = await get(`/patient?connectionId=${connectionId}&connectionId=${other}`);
  const rows = both.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  expect(rows.map(({ connection_id, patient_id }) => [connection_id, patient_id]).toSorted()).toEqual(
    [
      [connectionId, 'a'],
      [connectionId, 'b'],
      [other, 'c'],
    ].toSorted(),
  );
});

test('a table of several connections leaves an event in the audit log of each', async () => {
  await get(`/patient?connectionId=${connectionId}&connectionId=${other}&_limit=1`);
  for (const id of [connectionId, other]) {
    const events = await api.store.auditEvents.list({
      filter: { action: 'table.search', connectionId: id },
      limit: 10,
    });
    expect(events[0]).toMatchObject({
      target: { view: 'patient', connectionId: id },
      patients: ['*'],
      outcome: 'success',
    });
  }
});

test('your own view is read as CSV, with a sign before formulas only if asked', async () => {
  const plain = await post('&format=csv', names);
  expect([plain.status, plain.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
  expect(plain.text.split('\n').toSorted()).toEqual(
    ['', `${connectionId},a,Doe,`, `${connectionId},b,=cmd,`, 'connection_id,key,family,rejects'].toSorted(),
  );
  expect((await post('&format=csv&quoteFormulas=true&patient=b', names)).text).toContain(`b,'=cmd`);
});

test('a constant of a view keeps the digits of its number', async () => {
  const column = [{ name: 'value', path: '%x', type: 'decimal' }];
  const text = JSON.stringify({
    resource: 'Patient',
    constant: [{ name: 'x', valueDecimal: 0 }],
    select: [{ column }],
  });
  const exact = '1.00000000000000000010';
  const answer = await fetch(`${api.baseUrl}${at}?connectionId=${connectionId}&_limit=1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.operatorKey}` },
    body: text.replace('"valueDecimal":0', `"valueDecimal":${exact}`),
  });
  expect(await answer.text()).toBe(`{"connection_id":"${connectionId}","value":${exact},"rejects":null}\n`);
});

test('an element that R4 does not have is a warning in a header, with what was probably meant', async () => {
  const column = [
    { name: 'birth', path: 'birthdate' },
    { name: 'other', path: '`é`' },
  ];
  const { status, headers, text } = await post('&_limit=1', { resource: 'Patient', select: [{ column }] });
  expect([status, text]).toEqual([
    200,
    `{"connection_id":"${connectionId}","birth":null,"other":null,"rejects":null}\n`,
  ]);
  expect(JSON.parse(headers.get('x-table-warnings') ?? '')).toEqual([
    {
      path: 'select.0.column.0.path',
      message: expect.stringMatching(/^line 1, column 1: .* Did you mean `birthDate`\?$/),
    },
    { path: 'select.0.column.1.path', message: expect.stringContaining('`é` is not an element of Patient') },
  ]);
  expect((await post('&_limit=1', names)).headers.has('x-table-warnings')).toBe(false);
});

test('a Parquet file begins and ends with its magic bytes', async () => {
  const answer = await fetch(`${api.baseUrl}${at}/patient?connectionId=${connectionId}&format=parquet`, {
    headers: { authorization: `Bearer ${api.operatorKey}` },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', bytes.length - 4)]).toEqual(['PAR1', 'PAR1']);
});

test('`_since` gives rows of changed resources and keys of deleted ones, and the time at which the next call continues', async () => {
  const type = 'Patient';
  const deletion = toTombstone({
    resourceId: 'b',
    context: { ...documentContext, connectionId, observedAt: new Date('2024-06-02T00:00:00Z') },
  });
  await api.store.resourceWriter.write(type, [deletion]);
  await ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: [type] });
  const since = new Date(Date.now() - 2 * 3_600_000).toISOString();
  const { status, headers, text } = await get(`/patient?connectionId=${connectionId}&_since=${since}`);
  expect(status).toBe(200);
  const rows = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  expect(rows.map((row) => [row.patient_id, row.is_deleted, row.last_name]).toSorted()).toEqual([
    ['a', false, 'Doe'],
    ['b', true, null],
  ]);
  const until = headers.get('x-table-until') ?? '';
  expect((await get(`/patient?connectionId=${connectionId}&_since=${until}`)).text).toBe('');
});

test('a table continues at the time before which no change can be added, and one that is too old is refused', async () => {
  const { resourceChanges } = api.store;
  const earliest = (await resourceChanges.settledUntil()).toISOString();
  const until = (await get(`/patient?connectionId=${connectionId}`)).headers.get('x-table-until') ?? '';
  expect([earliest <= until, until <= (await resourceChanges.settledUntil()).toISOString()]).toEqual([true, true]);
  const knownSince = new Date(Date.now() - 24 * 3_600_000);
  await api.store.retention.tombstone({ now: new Date(), olderThan: knownSince, limit: 10 });
  const since = async (hours: number) =>
    get(`/patient?connectionId=${connectionId}&_since=${new Date(Date.now() - hours * 3_600_000).toISOString()}`);
  expect((await since(25)).refusal).toEqual([410, 'history-expired']);
  expect((await since(23)).status).toBe(200);
});

test('a table that may have been cut by a limit gives no time to continue at', async () => {
  const { text, headers } = await get(`/patient?connectionId=${connectionId}&_limit=1`);
  expect([text.split('\n').length, headers.has('x-table-until')]).toEqual([2, false]);
});

/** More rows of one resource than the budget of a view allows. */
const loops = Array.from({ length: 20 }, () => ({ forEach: 'name.repeat' }));
const orNull = { forEachOrNull: 'name.repeat' };
const repeats = Array.from({ length: 10 }, (_, index) => index);
const costly = { ...names, select: [...names.select, ...loops] };

test('a value that its column cannot hold is null, and its row says why without the text of the value', async () => {
  const two = { resourceType: 'Patient', id: 'two', name: [{ family: 'A' }, { family: 'B' }] };
  await api.store.resourceWriter.write('Patient', [makeDocument(two, { connectionId: third })]);
  const { status, text, headers } = await api.request('POST', `${at}?connectionId=${third}`, { body: names });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    { connection_id: third, key: 'two', family: null, rejects: ['family: It has 2 values where one is allowed.'] },
  ]);
  expect(headers.get('x-table-key')).toBe('key');
  const ofView = async (view: object) =>
    (await api.request('POST', `${at}?connectionId=${third}`, { body: view })).headers.get('x-table-view');
  const hash = headers.get('x-table-view');
  expect(await ofView(names)).toBe(hash);
  expect(await ofView({ ...names, name: 'other' })).not.toBe(hash);
});

test.each([
  {
    what: 'an unknown view',
    call: () => get(`/patients?connectionId=${connectionId}`),
    refusal: [404, 'unknown-view'],
  },
  {
    what: 'an unknown connection',
    call: () => get('/patient?connectionId=none'),
    refusal: [404, 'unknown-connection'],
  },
  { what: 'no connection', call: () => get('/patient'), refusal: [400, 'invalid-request'] },
  {
    what: 'an unknown format',
    call: () => get(`/patient?connectionId=${connectionId}&format=xlsx`),
    refusal: [400, 'invalid-request'],
  },
  {
    what: 'an unknown parameter',
    call: () => get(`/patient?connectionId=${connectionId}&subject=x`),
    refusal: [400, 'invalid-request'],
  },
  {
    what: 'a wrong search parameter',
    call: () => get(`/patient?connectionId=${connectionId}&date=x`),
    refusal: [400, 'invalid-request'],
  },
  { what: 'a view without a resource', call: () => post('', { select: [] }), refusal: [422, 'invalid-view'] },
  {
    what: 'keys of deletions without a time',
    call: () => get(`/patient?connectionId=${connectionId}&deletedOnly=true`),
    refusal: [400, 'invalid-request'],
  },
  { what: 'no JSON', call: () => post('', 'x'), refusal: [400, 'not-json'] },
])('a table with $what is refused', async ({ call, refusal }) => {
  expect((await call()).refusal).toEqual(refusal);
});

test('a table that costs too much after the beginning was sent is cut off, and the log names the resource', async () => {
  const observation = (id: string, others: object = {}) =>
    makeDocument({ resourceType: 'Observation', id, note: 'x'.repeat(2000), ...others }, { connectionId });
  const good = Array.from({ length: 200 }, (_, index) => observation(`o${String(index).padStart(3, '0')}`));
  await api.store.resourceWriter.write('Observation', [...good, observation('o999', { name: { repeat: repeats } })]);
  const column = [{ name: 'note', path: 'note', type: 'string' }];
  const answer = await fetch(`${api.baseUrl}${at}?connectionId=${connectionId}`, {
    method: 'POST',
    // Compression would hold the first rows back, and with them the status.
    headers: { authorization: `Bearer ${api.operatorKey}`, 'accept-encoding': 'identity' },
    body: JSON.stringify({ resource: 'Observation', select: [{ column }, ...loops.map(() => orNull)] }),
  });
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
  await waitFor(async () =>
    logLines.some((line) => line.includes('response cut off') && line.includes('Observation/o999')),
  );
});

test('the API stops a table whose client leaves, and continues to serve others', async () => {
  const headers = { authorization: `Bearer ${api.operatorKey}` };
  const column = Array.from({ length: 100 }, (_, index) => ({ name: `c${index}`, path: 'note', type: 'string' }));
  const request = httpRequest(`${api.baseUrl}${at}?connectionId=${connectionId}`, { method: 'POST', headers });
  request.end(JSON.stringify({ resource: 'Observation', select: [{ column }] }));
  const [response] = await once(request, 'response');
  await once(response, 'data');
  request.destroy();
  expect((await get(`/patient?connectionId=${connectionId}&_limit=1`)).status).toBe(200);
});

test('the log does not name the patient whose rows cost too much', async () => {
  const many = { resourceType: 'Patient', id: 'secret-id', name: { repeat: repeats } };
  await api.store.resourceWriter.write('Patient', [makeDocument(many, { connectionId: other })]);
  const refused = await api.request('POST', `${at}?connectionId=${other}`, { body: costly });
  expect(refused.refusal).toEqual([422, 'view-too-costly']);
  expect(refused.body.error.details).toMatchObject({ resourceType: 'Patient', resourceId: 'secret-id' });
  expect(refused.body.error.message).not.toContain('secret-id');
  expect(logLines.join('')).not.toContain('secret-id');
});
