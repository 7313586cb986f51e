import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const [connectionId, other] = [await api.createConnection(), await api.createConnection()];
const base = `/api/ehr/athenahealth/fhir/${connectionId}`;
const baseUrl = api.baseUrl + base;
afterAll(() => api.stopAndCheckAnswers());

type Written = { resourceType: string; id: string; [element: string]: unknown };
const write = (resource: Written, connection = connectionId) =>
  api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId: connection })]);
const get = (path: string, options = {}) =>
  api.request('GET', path.startsWith('/api') ? path : `${base}${path}`, options);

const subject = { reference: 'Patient/p1' };
const types = ['Patient', 'Observation', 'Condition', 'Encounter', 'Practitioner', 'Group', 'Coverage'];
await api.store.prepareResourceTypes(types);
await write({ resourceType: 'Patient', id: 'p1', generalPractitioner: [{ reference: 'Practitioner/d1' }] });
await write({ resourceType: 'Patient', id: 'p2', name: [{ family: 'Other' }] });
await write({ resourceType: 'Practitioner', id: 'd1' });
await write({ resourceType: 'Practitioner', id: 'd2' });
for (const [index, day] of ['03', '01', '02'].entries())
  await write({
    resourceType: 'Observation',
    id: `o${index + 1}`,
    code: { coding: [{ code: index === 0 ? 'a' : 'b' }] },
    subject,
    performer: [{ reference: 'Practitioner/d2' }],
    hasMember: [{ reference: 'Observation/of-p2' }],
    effectiveDateTime: `2026-01-${day}`,
  });
await write({ resourceType: 'Observation', id: 'of-p2', subject: { reference: 'Patient/p2' } });
// Performed by the patient, so it is in the compartment, and about another one.
await write({
  resourceType: 'Observation',
  id: 'reported',
  subject: { reference: 'Patient/p2' },
  performer: [subject],
});
await write({
  resourceType: 'Condition',
  id: 'c1',
  subject,
  clinicalStatus: { coding: [{ system: 'http://s', code: 'active' }] },
});
await write({
  resourceType: 'Group',
  id: 'g1',
  member: [{ entity: subject }, { entity: { reference: 'Patient/p2' } }],
});
await write({ resourceType: 'Patient', id: 'gone' });
await api.store.resourceWriter.write('Patient', [
  toTombstone({
    resourceId: 'gone',
    context: { ...documentContext, connectionId, observedAt: new Date('2026-02-01') },
  }),
]);
await write({ resourceType: 'Patient', id: 'p1' }, other);
await ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: types });

interface Page {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: Written; readonly search: { readonly mode: string } }[];
}

const listed = ({ entry = [] }: Page, mode: string) =>
  entry.filter(({ search }) => search.mode === mode).map(({ resource }) => `${resource.resourceType}/${resource.id}`);
const nextOf = ({ link }: Page) => link.find(({ relation }) => relation === 'next')?.url.slice(api.baseUrl.length);

async function readAll(first: string, options = {}): Promise<Page[]> {
  const pages: Page[] = [];
  for (let path: string | undefined = first; path !== undefined; path = nextOf(pages.at(-1) as Page)) {
    const { status, body } = await get(path, options);
    expect([path, status]).toEqual([path, 200]);
    pages.push(body);
  }
  return pages;
}

const record = [
  'Patient/p1',
  'Condition/c1',
  'Observation/reported',
  'Observation/o2',
  'Observation/o3',
  'Observation/o1',
];

test('a search in the record of a patient finds what the search with this patient finds, in pages with own links', async () => {
  for (const query of [
    '_count=2',
    '_count=2&_sort=-date',
    'code=b&_count=1',
    'subject=p1',
    '_total=accurate&_summary=count',
  ]) {
    const pages = await readAll(`/Patient/p1/Observation?${query}`);
    const plain = await readAll(`/Observation?patient=p1&${query}`);
    expect([query, pages.map((page) => listed(page, 'match'))]).toEqual([
      query,
      plain.map((page) => listed(page, 'match')),
    ]);
  }
  const { body } = await get('/Patient/p1/Observation?_count=1');
  expect(body.link[0].url).toBe(`${baseUrl}/Patient/p1/Observation?_count=1`);
  expect(nextOf(body)?.startsWith(`${base}/Patient/p1/Observation?`)).toBe(true);
});

test('subject finds only what is about the patient', async () => {
  expect(listed((await get('/Patient/p1/Observation?_sort=date')).body, 'match')).toContain('Observation/reported');
  expect(listed((await get('/Observation?subject=Patient/p1')).body, 'match')).toEqual(record.slice(3));
});

test.each([1, 2, 3, 100])(
  '$everything has the whole record once and in one order, with %s resources a page',
  async (count) => {
    const pages = await readAll(`/Patient/p1/$everything?_count=${count}`);
    expect(pages.flatMap((page) => listed(page, 'match'))).toEqual(record);
    expect(
      pages
        .map((page) => listed(page, 'match').length)
        .slice(0, -1)
        .every((length) => length === count),
    ).toBe(true);
    // Not the Observation of another patient, to which one of the record refers, and not the Group, which lists other patients.
    expect([...new Set(pages.flatMap((page) => listed(page, 'include')))].toSorted()).toEqual([
      'Practitioner/d1',
      'Practitioner/d2',
    ]);
  },
);

test('$everything limits the record by _type and _since', async () => {
  const all = async (query: string) =>
    (await readAll(`/Patient/p1/$everything?${query}`)).flatMap((page) => listed(page, 'match'));
  expect(await all('_type=Observation,Patient&_count=2')).toEqual(
    record.filter((reference) => reference !== 'Condition/c1'),
  );
  const since = new Date(Date.now() - 60_000).toISOString();
  expect(await all(`_since=${since}`)).toEqual([]);
  await write({ resourceType: 'Coverage', id: 'new', beneficiary: subject });
  expect(await all(`_since=${since}&_count=1`)).toEqual(['Coverage/new']);
  expect(await all('_since=2020-01-01T00:00:00Z')).toEqual([record[0], record[1], 'Coverage/new', ...record.slice(2)]);
});

test.each([
  {
    path: '/Patient/p1/$everything?_type=Practitioner',
    refusal: [400, 'invalid-request'],
    says: /not a part of the records/,
  },
  {
    path: '/Patient/p1/$everything?_type=Observatoin',
    refusal: [400, 'invalid-request'],
    says: /Did you mean Observation/,
  },
  { path: '/Patient/p1/$everything?_cursor=x', refusal: [400, 'invalid-request'], says: /not a cursor of this record/ },
  { path: '/Patient/p1/$everything?_count=0', refusal: [400, 'invalid-request'], says: /_count/ },
  { path: '/Patient/none/$everything', refusal: [404, 'unknown-resource'], says: /Verify/ },
  { path: '/Patient/gone/$everything', refusal: [410, 'resource-deleted'], says: /deleted/ },
  { path: '/Patient/gone/Observation', refusal: [410, 'resource-deleted'], says: /deleted/ },
  { path: '/Patient/none/Observation', refusal: [404, 'unknown-resource'], says: /Verify/ },
  { path: '/Patient/p1/Practitioner', refusal: [404, 'unknown-resource'], says: /not a part of the records/ },
  { path: '/Patient/p1/Observatoin', refusal: [404, 'unknown-resource'], says: /Did you mean Observation/ },
  { path: '/Encounter/e1/Observation', refusal: [404, 'unknown-resource'], says: /Only patients/ },
  { path: '/Patient/p1/Observation?family=x', refusal: [400, 'invalid-request'], says: /family/ },
  { path: '/Group/none', refusal: [404, 'unknown-resource'], says: /Verify/ },
])('GET $path is refused with the reason', async ({ path, refusal, says }) => {
  const answer = await get(path);
  expect([path, answer.refusal]).toEqual([path, refusal]);
  expect(answer.body.issue[0].details.text).toMatch(says);
});

test('a cursor belongs to its patient', async () => {
  const next = nextOf((await get('/Patient/p1/$everything?_count=1')).body) ?? '';
  expect((await get(next.replace('/p1/', '/p2/'))).refusal).toEqual([400, 'invalid-request']);
  expect((await get(next.replace(connectionId, other))).refusal).toEqual([400, 'invalid-request']);
});

test('the group of a connection says what it is and lists no members, and a stored group is read', async () => {
  const { status, body } = await get(`/Group/${connectionId}`);
  expect([status, body]).toEqual([
    200,
    { resourceType: 'Group', id: connectionId, active: true, type: 'person', actual: true, name: expect.any(String) },
  ]);
  expect((await get('/Group/g1')).body.member).toHaveLength(2);
});

async function tokenOf(scope: string): Promise<{ authorization: string }> {
  const client = { name: 'app', usesSecret: true, connectionIds: [connectionId], scope };
  const { id } = (await api.request('POST', '/api/ehr/clients', { body: client })).body.data;
  const { secret } = (await api.request('POST', `/api/ehr/clients/${id}/secrets`)).body.data;
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope, client_id: id, client_secret: secret });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { body } = await api.request('POST', '/api/ehr/oauth/token', {
    authorization: null,
    headers,
    body: form.toString(),
  });
  return { authorization: `Bearer ${body.access_token}` };
}

test('a token gets the types that its scopes cover, and is refused if they cover none', async () => {
  const token = await tokenOf('system/Condition.rs system/Patient.r system/Practitioner.s');
  const pages = await readAll('/Patient/p1/$everything', token);
  // A search of Patients and a read of Practitioners are not covered.
  expect(pages.map(({ entry }) => entry?.map(({ resource }) => resource.id))).toEqual([['c1']]);
  expect((await get('/Patient/p1/Condition', token)).status).toBe(200);
  expect((await get('/Patient/p1/Observation', token)).refusal).toEqual([403, 'scope-not-sufficient']);
  const refused = [403, 'scope-not-sufficient'];
  expect((await get('/Patient/p1/$everything?_type=Observation', token)).refusal).toEqual(refused);
  expect((await get(`/Group/${connectionId}`, token)).refusal).toEqual(refused);
  expect((await get('/Patient/p1/$everything', await tokenOf('system/Practitioner.rs'))).refusal).toEqual(refused);
});

test('every read of a record is an event of the audit log with the patient, also one that finds nothing', async () => {
  for (const path of ['/Patient/p1/$everything?_type=Coverage', '/Patient/p1/Encounter', '/Patient/none/$everything']) {
    await get(path);
    const { body } = await api.request('GET', '/api/ehr/audit-events?action=resource.search&limit=1');
    expect([path, body.data[0]]).toMatchObject([path, { target: { connectionId }, patients: [path.split('/')[2]] }]);
  }
  await get('/Patient/p1/$everything');
  const { body } = await api.request('GET', '/api/ehr/audit-events?action=resource.search&limit=1');
  // The Observation that the patient has reported is about another one.
  expect(body.data[0].patients.toSorted()).toEqual(['p1', 'p2']);
});

test('the record of an erased patient is gone, also for a page that was begun before', async () => {
  await write({ resourceType: 'Patient', id: 'p9', name: [{ family: 'Erased' }] });
  await write({ resourceType: 'Observation', id: 'o9', subject: { reference: 'Patient/p9' } });
  const next = nextOf((await get('/Patient/p9/$everything?_count=1')).body) ?? '';
  expect((await get('/Patient?family=eras')).body.entry).toHaveLength(1);
  const pass = { connectionId, patientId: 'p9', signal: AbortSignal.timeout(60_000), now: new Date() };
  const callbacks = { onFound: async () => undefined, onDeleted: async () => undefined };
  for (const feature of api.store.features)
    await feature.erasePatient({ ...pass, ...callbacks, found: { binaryIds: [], documentIds: [] } });
  for (const path of ['/Patient/p9/$everything', '/Patient/p9/Observation', next])
    expect([path, (await get(path)).refusal]).toEqual([path, [404, 'unknown-resource']]);
  expect((await get('/Patient?family=eras')).body.entry).toBeUndefined();
});

const paths = ['/Patient/p1/Observation', '/Patient/p1/$everything', `/Group/${connectionId}`];

test('a key of another connection, and one whose permission has ended, reads nothing', async () => {
  const keyOf = async (connectionIds: string[]) => {
    const key = await api.store.apiKeys.create({ name: 'app', role: 'client', connectionIds, now: new Date() });
    return { authorization: `Bearer ${key}` };
  };
  const own = await keyOf([connectionId]);
  const foreign = await keyOf([other]);
  for (const path of paths) {
    expect([path, (await get(path, own)).status]).toEqual([path, 200]);
    expect([path, (await get(path, foreign)).refusal]).toEqual([path, [404, 'unknown-connection']]);
  }
  const next = nextOf((await get('/Patient/p1/$everything?_count=1', own)).body) ?? '';
  await api.request('DELETE', `/api/ehr/connections/${connectionId}?data=purge`);
  for (const path of [...paths, next]) {
    const answer = await get(path, own);
    const isGroup = path.startsWith('/Group');
    expect([path, answer.refusal]).toEqual([path, isGroup ? [410, 'connection-purged'] : [404, 'unknown-connection']]);
    expect(answer.text).not.toContain('p1"');
  }
});
