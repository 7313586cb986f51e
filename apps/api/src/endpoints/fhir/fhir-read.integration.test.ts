import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const [connectionId, other] = [await api.createConnection(), await api.createConnection()];
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
const baseUrl = api.baseUrl + base;
afterAll(() => api.stopAndCheckAnswers());

const write = (resource: { resourceType: string; id: string; [element: string]: unknown }) =>
  api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId })]);
const get = (path: string, options = {}) => api.request('GET', `${base}${path}`, options);

await api.store.prepareResourceTypes(['Patient', 'Observation', 'Encounter', 'Practitioner', 'Provenance']);
await write({
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '7' },
  generalPractitioner: [{ reference: 'Practitioner/d1' }],
});
await write({ resourceType: 'Practitioner', id: 'd1' });
await write({ resourceType: 'Encounter', id: 'e1', subject: { reference: 'Patient/p1' } });
for (const [index, day] of ['03', '01', '02'].entries())
  await write({
    resourceType: 'Observation',
    id: `o${index + 1}`,
    status: 'final',
    subject: { reference: 'Patient/p1' },
    // One target by an absolute URL of the EHR, and one at another server.
    encounter: {
      reference: ['Encounter/e1', 'http://ehr.example:8080/fhir/r4/Encounter/e1', 'https://other.example/Encounter/e1'][
        index
      ],
    },
    effectiveDateTime: `2026-01-${day}`,
  });
await write({ resourceType: 'Observation', id: 'gone' });
const context = { ...documentContext, connectionId, observedAt: new Date('2026-02-01T00:00:00Z') };
await api.store.resourceWriter.write('Observation', [toTombstone({ resourceId: 'gone', context })]);
await ageChanges({
  mongodbUri: api.env.MONGODB_URI ?? '',
  resourceTypes: ['Patient', 'Observation', 'Encounter', 'Practitioner'],
});

const idsOf = (body: { entry?: { resource: { resourceType: string; id: string }; search: { mode: string } }[] }) =>
  (body.entry ?? []).map(({ resource, search }) => `${search.mode} ${resource.resourceType}/${resource.id}`);

test('a resource is read with its version, and not again while it is unchanged', async () => {
  const read = await get('/Patient/p1');
  expect([read.status, read.headers.get('etag'), read.body.id]).toEqual([200, 'W/"7"', 'p1']);
  const unchanged = { headers: { 'if-none-match': 'W/"7"', 'cache-control': '' } };
  const again = await get('/Patient/p1', unchanged);
  expect([again.status, again.text]).toEqual([304, '']);
  const since = { headers: { 'if-modified-since': read.headers.get('last-modified') ?? '', 'cache-control': '' } };
  expect((await get('/Patient/p1', since)).status).toBe(304);
  expect((await get('/Patient/p1', { headers: { 'if-none-match': 'W/"6"' } })).status).toBe(200);
  expect((await get('/Patient/p1/_history/7')).body.id).toBe('p1');
  expect((await get('/Patient/p1/_history/6')).refusal).toEqual([404, 'unknown-resource']);
});

test('a copy of a version is read again if the EHR has given its id to another content, as after a restored backup', async () => {
  const store = (versionId: string, lastUpdated: string, status: string, observedAt: string) =>
    api.store.resourceWriter.write('Location', [
      makeDocument(
        { resourceType: 'Location', id: 'restored', status, meta: { versionId, lastUpdated } },
        { connectionId, observedAt: new Date(observedAt), isOfFullExport: true },
      ),
    ]);
  await store('2', '2024-02-01T00:00:00Z', 'active', '2024-03-01');
  const first = await get('/Location/restored');
  expect(first.headers.get('etag')).toBe('W/"2"');
  await store('1', '2024-01-01T00:00:00Z', 'active', '2024-04-01');
  await store('2', '2024-04-02T00:00:00Z', 'inactive', '2024-05-01');
  const copied = { headers: { 'if-none-match': 'W/"2"', 'cache-control': '' } };
  const second = await get('/Location/restored', copied);
  expect([second.status, second.body?.status]).toEqual([200, 'inactive']);
  const etag = second.headers.get('etag') ?? '';
  expect((await get('/Location/restored', { headers: { 'if-none-match': etag, 'cache-control': '' } })).status).toBe(
    304,
  );
});

test('the history of a resource has its stored version or its deletion', async () => {
  const { body } = await get('/Patient/p1/_history');
  expect(body).toMatchObject({
    type: 'history',
    entry: [{ fullUrl: `${baseUrl}/Patient/p1`, resource: { id: 'p1' }, response: { etag: 'W/"7"' } }],
  });
  const deleted = await get('/Observation/gone/_history');
  expect(deleted.body.entry).toMatchObject([{ request: { method: 'DELETE', url: 'Observation/gone' } }]);
  expect((await get('/Observation/gone')).refusal).toEqual([410, 'resource-deleted']);
  const since = async (time: string) => (await get(`/Patient/p1/_history?_count=10&_since=${time}`)).body.entry?.length;
  expect([await since('2020-01-01T00:00:00Z'), await since('2100-01-01T00:00:00Z')]).toEqual([1, undefined]);
  const changes = await get('/Observation/_history?_count=2');
  expect(changes.body.link.map(({ relation }: { relation: string }) => relation)).toEqual(['self', 'next']);
  const all = await get('/_history?_type=Patient,Practitioner');
  expect(all.body.entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl)).toEqual([
    `${baseUrl}/Patient/p1`,
    `${baseUrl}/Practitioner/d1`,
  ]);
});

test('a history without _since lists everything, also after tombstones were deleted', async () => {
  // After the only tombstone.
  const olderThan = new Date('2026-03-01T00:00:00Z');
  await api.store.retention.tombstone({ now: new Date(), olderThan, limit: 10 });
  expect((await get('/Patient/_history')).body.entry).toMatchObject([{ resource: { id: 'p1' } }]);
  expect((await get('/_history?_type=Patient')).body.entry).toMatchObject([{ resource: { id: 'p1' } }]);
  const refused = await get('/Patient/_history?_since=2026-02-15T00:00:00Z');
  expect(refused.refusal).toEqual([410, 'history-expired']);
});

test('a search returns pages in the requested order, by GET and by POST', async () => {
  const first = await get('/Observation?patient=Patient/p1&_sort=-date&_count=2&_format=json');
  expect(idsOf(first.body)).toEqual(['match Observation/o1', 'match Observation/o3']);
  expect(first.body.entry[0].fullUrl).toBe(`${baseUrl}/Observation/o1`);
  const next = first.body.link.find(({ relation }: { relation: string }) => relation === 'next').url;
  expect(next.startsWith(`${baseUrl}/Observation?`)).toBe(true);
  expect(idsOf((await api.request('GET', next.slice(api.baseUrl.length))).body)).toEqual(['match Observation/o2']);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const byPost = await api.request('POST', `${base}/Observation/_search?_count=2`, {
    headers: form,
    body: 'patient=p1&_sort=date',
  });
  expect(idsOf(byPost.body)).toEqual(['match Observation/o2', 'match Observation/o3']);
  const following = byPost.body.link.at(-1).url.slice(api.baseUrl.length);
  expect(idsOf((await api.request('GET', following)).body)).toEqual(['match Observation/o1']);
});

test('_include adds direct references of the same server once', async () => {
  const { body } = await get('/Observation?_sort=_id&_include=Observation:encounter&_include=Observation:patient');
  expect(idsOf(body)).toEqual([
    ...['match Observation/o1', 'match Observation/o2', 'match Observation/o3'],
    ...['include Encounter/e1', 'include Patient/p1'],
  ]);
  const practitioners = await get('/Patient?_include=Patient:general-practitioner:Practitioner');
  expect(idsOf(practitioners.body)).toEqual(['match Patient/p1', 'include Practitioner/d1']);
});

test('_include does not add a resource that is a match of the same page', async () => {
  const related = [{ reference: 'Observation/related-2' }, { reference: 'Observation/o1' }];
  await write({ resourceType: 'Observation', id: 'related-1', hasMember: related });
  await write({ resourceType: 'Observation', id: 'related-2' });
  const { body } = await get('/Observation?_id=related-1,related-2&_include=Observation:has-member');
  expect(idsOf(body)).toEqual([
    ...['match Observation/related-1', 'match Observation/related-2'],
    'include Observation/o1',
  ]);
});

test('_include follows a reference by each name of the EHR, and none to another server', async () => {
  const named = await api.createConnection();
  const aliases = { origins: [], aliases: ['http://internal:8080'] };
  const { status } = await api.request('PUT', `/api/ehr/connections/${named}/origins`, { body: aliases });
  expect(status).toBe(200);
  const names = [
    'http://internal:8080/fhir/r4/',
    'http://EHR.example:8080/fhir/r4/',
    'https://ehr.example/fhir/r4/',
    '/',
    'http://other.example/fhir/r4/',
  ];
  const resources = names.flatMap((name, index) => [
    { resourceType: 'Encounter', id: `e${index}` },
    { resourceType: 'Observation', id: `o${index}`, encounter: { reference: `${name}Encounter/e${index}` } },
  ]);
  for (const resource of [
    ...resources,
    { resourceType: 'Observation', id: 'up', encounter: { reference: 'Encounter/..' } },
  ])
    await api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId: named })]);
  const { body } = await api.request(
    'GET',
    `/api/ehr/athenahealth/fhir/${named}/Observation?_include=Observation:encounter`,
  );
  const included = idsOf(body).filter((id) => id.startsWith('include'));
  expect(included.toSorted()).toEqual(['e0', 'e1', 'e3'].map((id) => `include Encounter/${id}`));
});

test('what a page has no room for is a link, and reading the links completes the page', async () => {
  await api.store.prepareResourceTypes(['DocumentReference']);
  const ids = ['large-1', 'large-2', 'large-3', 'large-4'];
  const content = [{ attachment: { data: 'A'.repeat(3_000_000) } }];
  await write({ resourceType: 'Patient', id: 'large' });
  for (const id of ids)
    await write({ resourceType: 'DocumentReference', id, subject: { reference: 'Patient/large' }, content });
  const target = ids.map((id) => ({ reference: `DocumentReference/${id}` }));
  await write({ resourceType: 'Provenance', id: 'of-large', target });
  const stored = `${api.baseUrl}/api/ehr/athenahealth/resources`;
  for (const url of [
    `${baseUrl}/Patient?_id=large&_revinclude=DocumentReference:patient`,
    `${baseUrl}/Provenance?_id=of-large&_include=Provenance:target`,
    `${stored}/Patient?connectionId=${connectionId}&_id=large&_revinclude=DocumentReference:subject`,
  ]) {
    const { status, body } = await api.request('GET', url.slice(api.baseUrl.length));
    const included = idsOf(body).filter((id) => id.startsWith('include'));
    expect([url, status, included.length]).toEqual([url, 200, 2]);
    const links = body.link.filter(({ relation }: { relation: string }) => relation === 'related');
    const { resource, search } = body.entry.at(-1);
    expect([resource.issue[0].severity, resource.issue[0].code, search.mode]).toEqual([
      'warning',
      'incomplete',
      'outcome',
    ]);
    expect(resource.issue[0].diagnostics).toBe(links.map((link: { url: string }) => link.url).join(' '));
    const rest: string[] = [];
    for (const link of links)
      for (let next: string | undefined = link.url; next !== undefined; ) {
        const page = await api.request('GET', next.slice(api.baseUrl.length));
        rest.push(...idsOf(page.body).map((id) => id.replace('match', 'include')));
        next = page.body.link.find(({ relation }: { relation: string }) => relation === 'next')?.url;
      }
    expect([...new Set([...included, ...rest])].toSorted()).toEqual(ids.map((id) => `include DocumentReference/${id}`));
  }
});

test('_revinclude adds what refers to the matches once, and nothing of another connection', async () => {
  const provenance = (id: string, ...targets: string[]) => ({
    resourceType: 'Provenance',
    id,
    target: targets.map((reference) => ({ reference })),
  });
  await write(provenance('v1', 'Observation/o1', 'Observation/o2'));
  await write(provenance('v2', 'http://ehr.example:8080/fhir/r4/Observation/o2/_history/1'));
  await write(provenance('v3', 'Observation/o3', 'Patient/p1'));
  await write(provenance('v4', 'https://other.example/Observation/o1'));
  const foreign = makeDocument(provenance('v5', 'Observation/o1'), { connectionId: other });
  await api.store.resourceWriter.write('Provenance', [foreign]);
  const { body } = await get('/Observation?_id=o1,o2&_sort=_id&_revinclude=Provenance:target');
  expect(idsOf(body)).toEqual([
    ...['match Observation/o1', 'match Observation/o2'],
    ...['include Provenance/v1', 'include Provenance/v2'],
  ]);
  const ofPatient = await get('/Patient?_id=p1&_revinclude=Encounter:patient&_revinclude=Provenance:target:Patient');
  expect(idsOf(ofPatient.body)).toEqual(['match Patient/p1', 'include Encounter/e1', 'include Provenance/v3']);
  const both = await get('/Provenance?_id=v1&_include=Provenance:target&_revinclude=Provenance:target');
  expect(idsOf(both.body)).toEqual(['match Provenance/v1', 'include Observation/o1', 'include Observation/o2']);
  expect(idsOf((await get('/Provenance?target=Observation/o1')).body)).toContain('match Provenance/v1');
});

test('a resource with some of its elements has the mandatory ones too, and is marked', async () => {
  const { body } = await get('/Observation?_id=o1&_elements=effective');
  expect(body.entry[0].resource).toEqual({
    resourceType: 'Observation',
    id: 'o1',
    meta: { tag: [expect.objectContaining({ code: 'SUBSETTED' })] },
    status: 'final',
    effectiveDateTime: '2026-01-03',
  });
});

test('each type keeps its mandatory elements, also one that US Core does not have', async () => {
  const patient = { reference: 'Patient/p1' };
  await write({ resourceType: 'Account', id: 'a1', status: 'active', name: 'Doe', subject: [patient] });
  await write({ resourceType: 'Basic', id: 'b1', code: { text: 'note' }, created: '2026-01-01', subject: patient });
  await write({
    resourceType: 'Slot',
    id: 's1',
    status: 'free',
    schedule: { reference: 'Schedule/1' },
    start: '2026-01-01T10:00:00Z',
    comment: 'x',
  });
  const elementsOf = async (path: string) => Object.keys((await get(path)).body.entry[0].resource).toSorted();
  expect(await elementsOf('/Basic?_elements=created')).toEqual(['code', 'created', 'id', 'meta', 'resourceType']);
  expect(await elementsOf('/Account?_elements=name')).toEqual(['id', 'meta', 'name', 'resourceType', 'status']);
  expect(await elementsOf('/Slot?_elements=status')).toEqual([
    'id',
    'meta',
    'resourceType',
    'schedule',
    'start',
    'status',
  ]);
});

test('_summary=count returns the number of matches without them', async () => {
  const { body } = await get('/Observation?patient=p1&_summary=count');
  expect([body.type, body.total, body.entry]).toEqual(['searchset', 3, undefined]);
});

test.each([
  { path: '/Observation?_sort=code', refusal: [400, 'invalid-request'], says: /_sort/ },
  {
    path: '/Observation?patient.identifier=1',
    refusal: [400, 'invalid-request'],
    says: /Search Patient by .identifier. first/,
  },
  { path: '/Observation?_include=Patient:organization', refusal: [400, 'invalid-request'], says: /_include/ },
  { path: '/Observation?_revinclude=Encounter:patient', refusal: [400, 'invalid-request'], says: /Provenance:target/ },
  { path: '/Patient?_revinclude=Observation:nothing', refusal: [400, 'invalid-request'], says: /CapabilityStatement/ },
  { path: '/Provenance?target=o1', refusal: [400, 'invalid-request'], says: /Observation.1/ },
  { path: '/Observation?_include=Observation:nothing', refusal: [400, 'invalid-request'], says: /Observation:patient/ },
  { path: '/Observation?_format=xml', refusal: [400, 'invalid-request'], says: /_format/ },
  { path: '/Observatoin', refusal: [404, 'unknown-resource'], says: /Did you mean Observation/ },
  { path: '/Patient/none', refusal: [404, 'unknown-resource'], says: /Verify/ },
  { path: '/Patient/p1?_summary=true', refusal: [400, 'invalid-request'], says: /_summary/ },
  {
    path: '/Patient/p1',
    options: { accept: 'application/fhir+xml' },
    refusal: [406, 'not-acceptable'],
    says: /Accept/,
  },
  { path: '/Patient/p1', options: { authorization: null }, refusal: [401, 'unauthenticated'], says: /key/ },
  { path: '/a/b/c/d', refusal: [404, 'unknown-route'], says: /URL/ },
])('GET $path is answered with an OperationOutcome that says why', async ({ path, options, refusal, says }) => {
  const answer = await get(path, options);
  expect(answer.refusal).toEqual(refusal);
  expect(answer.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
  expect(answer.body.resourceType).toBe('OperationOutcome');
  expect(answer.body.issue[0].details.text).toMatch(says);
});

test.each([
  { accept: 'application/fhir+json; fhirVersion=4.0', status: 200 },
  { accept: 'application/fhir+json;q=0.9;fhirVersion="4.0", text/html;q=0.1', status: 200 },
  { accept: 'application/fhir+json; fhirVersion=5.0, application/fhir+json', status: 200 },
  { accept: 'application/fhir+json; fhirVersion=5.0', status: 406 },
  { accept: 'text/html', status: 406 },
])('Accept: $accept is answered with $status', async ({ accept, status }) => {
  for (const path of ['/Patient/p1', '/Patient', '/Patient/_history']) {
    const answer = await get(path, { accept });
    expect([path, answer.status]).toEqual([path, status]);
    if (status === 406) expect(answer.body.issue[0].details.text).toContain('in the version 4.0 of FHIR');
  }
});

test('with handling=lenient, parameters that are not supported are ignored and listed', async () => {
  const headers = { prefer: 'handling=lenient' };
  const { body } = await get('/Observation?patient=p1&_count=1&nothing=1&code:text=x', { headers });
  expect(body.entry.map(({ search }: { search: { mode: string } }) => search.mode)).toEqual(['outcome', 'match']);
  const texts = body.entry[0].resource.issue.map(({ details }: { details: { text: string } }) => details.text);
  expect(texts).toEqual([expect.stringMatching('nothing'), expect.stringMatching('code:text')]);
  expect((await get('/Observation?date=wrong', { headers })).refusal).toEqual([400, 'invalid-request']);
});

test('nothing can be written, and a client of another connection finds none', async () => {
  const created = await api.request('POST', `${base}/Patient`, { body: { resourceType: 'Patient' } });
  expect([created.refusal, created.headers.get('allow')]).toEqual([
    [405, 'method-not-allowed'],
    expect.stringMatching(/GET/),
  ]);
  const key = await api.store.apiKeys.create({
    name: 'other',
    role: 'client',
    connectionIds: [other],
    now: new Date(),
  });
  const refused = await get('/Patient/p1', { authorization: `Bearer ${key}` });
  expect(refused.refusal).toEqual([404, 'unknown-connection']);
  const own = `/api/ehr/athenahealth/fhir/${other}/Patient/p1`;
  expect((await api.request('GET', own, { authorization: `Bearer ${key}` })).refusal).toEqual([
    404,
    'unknown-resource',
  ]);
});

test('every read is an event of the audit log with its patients', async () => {
  await get('/Observation?patient=p1');
  const { body } = await api.request('GET', '/api/ehr/audit-events?action=resource.search&limit=1');
  expect(body.data[0]).toMatchObject({ target: { connectionId }, patients: ['p1'], parameters: ['patient'] });
});
