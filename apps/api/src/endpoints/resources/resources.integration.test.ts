import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { toTombstone } from '@bulkhead/records';
import { documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const at = '/api/ehr/athenahealth/resources';
const ndjson = 'application/fhir+ndjson';

const lineOf = (index: number) =>
  JSON.stringify({
    resourceType: 'DiagnosticReport',
    id: `r${String(index).padStart(3, '0')}`,
    meta: { lastUpdated: `2024-05-${String(1 + (index % 28)).padStart(2, '0')}T00:00:00Z` },
    status: index % 5 === 0 ? 'preliminary' : 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: index % 2 === 0 ? '58410-2' : '57698-3' }] },
    subject: { reference: `Patient/p${index % 3}` },
    effectiveDateTime: `2024-01-${String(1 + (index % 30)).padStart(2, '0')}T10:00:00Z`,
  });
const lines = Array.from({ length: 30 }, (_, index) => lineOf(index));

const api = await startApi();
const connectionId = await api.createConnection();
const context = { ...documentContext, connectionId };
const toDocument = (resource: object | string) => makeDocument(resource, { connectionId });
await api.store.resourceWriter.write('DiagnosticReport', lines.map(toDocument));
await api.store.resourceWriter.write('DiagnosticReport', [toTombstone({ resourceId: 'gone', context })]);
afterAll(() => api.stopAndCheckAnswers());

const get = (path: string, accept?: string) =>
  api.request('GET', `${at}/${path}`, accept === undefined ? {} : { accept });
const search = (query: string, accept?: string) =>
  get(`DiagnosticReport?connectionId=${connectionId}&${query}`, accept);
const idsIn = (body: { entry?: { resource: { id: string } }[] }) =>
  (body.entry ?? []).map(({ resource }) => resource.id);
const nextOf = (body: { link: { relation: string; url: string }[] }) =>
  body.link.find(({ relation }) => relation === 'next')?.url;

test('a search returns a searchset Bundle as FHIR defines it, without our envelope', async () => {
  const { status, headers, body } = await search('_count=1&_total=accurate');
  expect([status, headers.get('content-type'), headers.get('vary')]).toEqual([
    200,
    expect.stringMatching(/^application\/fhir\+json/),
    expect.stringContaining('Accept'),
  ]);
  const self = `${api.baseUrl}${at}/DiagnosticReport?connectionId=${connectionId}&_count=1&_total=accurate`;
  expect(body).toEqual({
    resourceType: 'Bundle',
    type: 'searchset',
    total: 30,
    link: [
      { relation: 'self', url: self },
      { relation: 'next', url: expect.stringMatching(/^http:.*&_cursor=[\w-]+$/) },
    ],
    entry: [
      {
        fullUrl: `${fhirEndpoint}/DiagnosticReport/r000`,
        resource: JSON.parse(lines[0] ?? ''),
        search: { mode: 'match' },
      },
    ],
  });
});

test('a search by `_security` finds the resources that the EHR has labelled, as a Bundle and as NDJSON', async () => {
  const system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
  const labelled = (id: string, code: string) => ({ resourceType: 'Flag', id, meta: { security: [{ system, code }] } });
  const flags = [labelled('very', 'V'), labelled('restricted', 'R'), { resourceType: 'Flag', id: 'open' }];
  await api.store.resourceWriter.write('Flag', flags.map(toDocument));
  const find = (query: string, accept?: string) => get(`Flag?connectionId=${connectionId}&_security=${query}`, accept);
  expect(idsIn((await find('R,V')).body)).toEqual(['restricted', 'very']);
  expect(idsIn((await find(encodeURIComponent(`${system}|V`))).body)).toEqual(['very']);
  expect((await find('R', ndjson)).text.trim()).toBe(JSON.stringify(flags[1]));
});

test('a search by another reference finds it by each of its texts, in what a patient or a code narrows', async () => {
  const observation = (id: string, reference: string, patient = 'e') => ({
    ...{ resourceType: 'ServiceRequest', id, status: 'final', code: { coding: [{ code: 'c1' }] } },
    ...{ subject: { reference: `Patient/${patient}` }, encounter: { reference } },
    performer: [{ reference: 'Organization/e1' }, { reference: 'Practitioner/d1' }],
  });
  const stored = [
    observation('e-1', 'Encounter/e1'),
    observation('e-2', 'https://ehr.example/fhir/r4/Encounter/e1/_history/3'),
    observation('e-3', 'Encounter/e12'),
    observation('e-4', 'Encounter/e1', 'other'),
    observation('e-5', 'EpisodeOfCare/e1'),
  ];
  await api.store.prepareResourceTypes(['ServiceRequest']);
  await api.store.resourceWriter.write('ServiceRequest', stored.map(toDocument));
  const find = (query: string) => get(`ServiceRequest?connectionId=${connectionId}&${query}`);
  expect(idsIn((await find('patient=e&encounter=e1')).body)).toEqual(['e-1', 'e-2']);
  expect(idsIn((await find('patient=e&encounter=Encounter/e12,EpisodeOfCare/e1')).body)).toEqual(['e-3', 'e-5']);
  expect(idsIn((await find('code=c1&encounter=e1&performer=Practitioner/d1')).body)).toEqual(['e-1', 'e-2', 'e-4']);
  expect(idsIn((await find('patient=e&encounter=e1&performer=Practitioner/d2')).body)).toEqual([]);
  const { status, body } = await find('encounter=e1');
  expect([status, body.error.details]).toEqual([
    400,
    [{ path: 'encounter', message: expect.stringMatching(/together with `patient`, `_id` or `code`/) }],
  ]);
  expect((await get(`ServiceRequest?connectionId=${connectionId}&encounter=e1`, ndjson)).status).toBe(400);
});

test('a search without matches returns neither entries nor a next page', async () => {
  const { body } = await search('patient=unknown&_total=accurate');
  expect(body).toMatchObject({ total: 0, link: [{ relation: 'self' }] });
  expect([body.entry, body.link.length]).toEqual([undefined, 1]);
});

test.each([
  { query: '', count: 30 },
  { query: '_count=7', count: 30 },
  { query: '_count=30', count: 30 },
  { query: '_count=3&patient=Patient/p1', count: 10 },
  { query: '_count=2&date=ge2024-01-10&date=lt2024-01-16', count: 6 },
  { query: '_count=2&status=preliminary', count: 6 },
  { query: '_count=4&code=http://loinc.org|58410-2&category=LAB', count: 15 },
  { query: '_count=4&_lastUpdated=gt2024-05-20T00:00:00Z', count: 8 },
])('following the next links of "$query" returns each match once', async ({ query, count }) => {
  const ids: string[] = [];
  let path: string | undefined = `${at}/DiagnosticReport?connectionId=${connectionId}&${query}`;
  while (path !== undefined) {
    const { status, body } = await api.request('GET', path);
    expect(status).toBe(200);
    expect(body.entry.length).toBeGreaterThan(0);
    ids.push(...idsIn(body));
    path = nextOf(body)?.slice(api.baseUrl.length);
  }
  expect([ids.length, new Set(ids).size]).toEqual([count, count]);
});

test("the guide's search for a patient's laboratory reports returns these reports", async () => {
  const { body } = await search('patient=p0&category=LAB&date=ge2024-01-25');
  expect(idsIn(body)).toEqual(['r024', 'r027']);
});

test('pages of a search are stable while resources are added before and after them', async () => {
  const type = 'Device';
  const device = (id: string) => toDocument({ resourceType: type, id });
  await api.store.prepareResourceTypes([type]);
  await api.store.resourceWriter.write(type, ['b', 'c', 'd', 'e'].map(device));
  const first = await get(`${type}?connectionId=${connectionId}&_count=2`);
  await api.store.resourceWriter.write(type, ['a', 'f'].map(device));
  const nextExport = { ...context, observedAt: new Date('2024-06-02T00:00:00Z') };
  await api.store.resourceWriter.write(type, [toTombstone({ resourceId: 'd', context: nextExport })]);
  const next = await api.request('GET', nextOf(first.body)?.slice(api.baseUrl.length) ?? '');
  expect([idsIn(first.body), idsIn(next.body), nextOf(next.body)]).toEqual([['b', 'c'], ['e', 'f'], undefined]);
});

test('numbers keep their exact text in a Bundle, in NDJSON and in a read #number-text', async () => {
  const numbers = ['1.50', '0.0', '-0', '1e2', '12345678901234567890', '0.1234567890123456789', '7'];
  const values = numbers.map((text) => `{"valueDecimal":${text}}`).join(',');
  const line = `{"resourceType":"Observation","id":"exact","extension":[${values}]}`;
  await api.store.resourceWriter.write('Observation', [toDocument(line)]);
  const query = `connectionId=${connectionId}`;
  const { text } = await get(`Observation?${query}`);
  expect(text).toContain(`"resource":${line},"search"`);
  expect((await get(`Observation?${query}`, ndjson)).text).toBe(`${line}\n`);
  expect((await get(`Observation/exact?${query}`)).text).toBe(line);
});

test('a page of large resources ends early, and the next page continues', async () => {
  const large = (id: string) => toDocument({ resourceType: 'Binary', id, data: 'A'.repeat(3_000_000) });
  await api.store.prepareResourceTypes(['Binary']);
  for (const id of ['a', 'b', 'c']) await api.store.resourceWriter.write('Binary', [large(id)]);
  const first = await get(`Binary?connectionId=${connectionId}`);
  expect(idsIn(first.body)).toEqual(['a', 'b']);
  const next = await api.request('GET', nextOf(first.body)?.slice(api.baseUrl.length) ?? '');
  expect([idsIn(next.body), nextOf(next.body)]).toEqual([['c'], undefined]);
});

test.each([
  { accept: '*/*', type: 'application/fhir+json' },
  { accept: 'application/fhir+json', type: 'application/fhir+json' },
  { accept: 'application/json', type: 'application/fhir+json' },
  { accept: 'application/fhir+json, application/fhir+ndjson;q=0.9', type: 'application/fhir+json' },
  { accept: 'application/fhir+ndjson;q=0, */*', type: 'application/fhir+json' },
  { accept: 'application/fhir+ndjson', type: ndjson },
  { accept: 'application/fhir+json;q=0.1, application/fhir+ndjson', type: ndjson },
  { accept: 'application/fhir+ndjson, */*;q=0.1', type: ndjson },
  { accept: 'application/ndjson', type: ndjson },
  { accept: 'application/x-ndjson', type: ndjson },
])('a search with Accept "$accept" returns $type', async ({ accept, type }) => {
  const { status, headers } = await search('', accept);
  expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([200, type]);
});

test('a search with NDJSON returns every match on its own line, as received', async () => {
  const all = await search('', ndjson);
  expect(all.text.trimEnd().split('\n').sort()).toEqual(lines);
  const answer = await search('status=preliminary&patient=p0', ndjson);
  expect(answer.text).toBe(`${[lines[0], lines[15]].join('\n')}\n`);
  expect(await search('patient=unknown', ndjson)).toMatchObject({ status: 200, text: '' });
});

test('a search with NDJSON and paging parameters returns 400', async () => {
  const { status, headers, faults } = await search('_count=5&_cursor=x', ndjson);
  expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([400, 'application/json']);
  expect(faults).toEqual(['_count', '_cursor']);
});

test('the API stops a stream whose client leaves, and continues to serve others', async () => {
  const line = (index: number) => toDocument({ resourceType: 'Media', id: `m${index}`, note: 'x'.repeat(100_000) });
  await api.store.prepareResourceTypes(['Media']);
  const all = Array.from({ length: 300 }, (_, index) => line(index));
  for (let start = 0; start < all.length; start += 50) {
    await api.store.resourceWriter.write('Media', all.slice(start, start + 50));
  }
  const headers = { authorization: `Bearer ${api.operatorKey}`, accept: ndjson };
  const request = httpRequest(`${api.baseUrl}${at}/Media?connectionId=${connectionId}`, { headers }).end();
  const [response] = await once(request, 'response');
  await once(response, 'data');
  request.destroy();
  const { body } = await get(`Media?connectionId=${connectionId}&_count=1&_total=accurate`);
  expect(body.total).toBe(300);
});

test.each([
  { query: 'performer=p1', paths: ['performer'] },
  { query: '_sort=name&_include=x&patient=', paths: ['_include', '_sort', 'patient'] },
  { query: 'date=2024-13&date=x&_count=0&_total=some', paths: ['_count', '_total', 'date.0', 'date.1'] },
  { query: '_cursor=bm90aGluZw', paths: ['_cursor'] },
  { query: 'status=final&_cursor=%7B%22$gt%22:1%7D', paths: ['_cursor'] },
])('a search with $query returns 400 with all faults', async ({ query, paths }) => {
  const { refusal, headers, faults } = await search(query);
  expect(refusal).toEqual([400, 'invalid-request']);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(faults.toSorted()).toEqual(paths);
});

test('a cursor of another search or type returns 400', async () => {
  const next = nextOf((await search('patient=p1&_count=1')).body) ?? '';
  const cursor = new URL(next).searchParams.get('_cursor');
  expect(await search(`patient=p2&_count=1&_cursor=${cursor}`)).toMatchObject({ status: 400 });
  expect(await get(`Observation?connectionId=${connectionId}&patient=p1&_cursor=${cursor}`)).toMatchObject({
    status: 400,
  });
  // The page size is not part of the search.
  expect(await search(`patient=p1&_count=5&_cursor=${cursor}`)).toMatchObject({ status: 200 });
});

test.each([
  { query: '', what: 'no connection' },
  { query: 'connectionId=', what: 'an empty connection' },
  { query: 'connectionId=a&connectionId=b', what: 'two connections' },
])('a search with $what returns 400', async ({ query }) => {
  const { status, faults } = await get(`DiagnosticReport?${query}`);
  expect([status, faults]).toEqual([400, ['connectionId']]);
});

test.each([
  { path: 'DiagnosticReport?connectionId=none', code: 'unknown-connection' },
  { path: 'connections?connectionId=ID', code: 'unknown-resource' },
  { path: 'DiagnosticReport/none?connectionId=ID', code: 'unknown-resource' },
])('$path returns 404 $code', async ({ path, code }) => {
  expect((await get(path.replace('ID', connectionId))).refusal).toEqual([404, code]);
});

test('a deleted resource is in no Bundle and no stream, and reading it returns 410', async () => {
  expect(idsIn((await search('_id=gone,r001')).body)).toEqual(['r001']);
  expect((await search('_id=gone', ndjson)).text).toBe('');
  expect((await get(`DiagnosticReport/gone?connectionId=${connectionId}`)).refusal).toEqual([410, 'resource-deleted']);
});

const sourcesOf = (id: string) => get(`DiagnosticReport/${id}/sources?connectionId=${connectionId}`);

test('GET sources lists the export or sync of the stored version and of earlier versions', async () => {
  const line = (day: number, versionId: string) =>
    JSON.stringify({
      resourceType: 'DiagnosticReport',
      id: 'sourced',
      meta: { versionId, lastUpdated: `2024-05-0${day}T00:00:00Z` },
    });
  const source = { syncRunId: 'sync_1', stepId: 'sync_1.7' };
  await api.store.resourceWriter.write('DiagnosticReport', [toDocument(line(1, '1'))]);
  await api.store.resourceWriter.write('DiagnosticReport', [{ ...toDocument(line(2, '2')), source }]);
  const [storedAt, deleted] = ['2024-06-01T01:00:00.000Z', false];
  const { status, body } = await sourcesOf('sourced');
  expect(status).toBe(200);
  expect(body.data).toEqual([
    { versionId: '2', lastUpdated: '2024-05-02T00:00:00.000Z', deleted, storedAt, source },
    { versionId: '1', lastUpdated: '2024-05-01T00:00:00.000Z', deleted, storedAt, source: context.source },
  ]);
  expect((await get(`DiagnosticReport/sourced?connectionId=${connectionId}`)).text).toBe(line(2, '2'));
  expect((await search('_id=sourced', ndjson)).text).toBe(`${line(2, '2')}\n`);
  // Both reads are in the audit log.
  const events = await api.store.auditEvents.list({ filter: { action: 'resource.read' }, limit: 100 });
  expect(events.filter(({ target }) => target.id === 'sourced')).toHaveLength(2);
});

test('GET sources shows a deletion, and returns 404 for a resource that was never stored', async () => {
  expect((await sourcesOf('gone')).body.data).toMatchObject([{ deleted: true, source: context.source }]);
  expect((await sourcesOf('none')).body.error.code).toBe('unknown-resource');
});
