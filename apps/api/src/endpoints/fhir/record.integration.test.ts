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

test('a search in the record of a patient has pages with own links', async () => {
  for (const [query, ids] of [
    ['_count=2', ['reported', 'o2', 'o3', 'o1']],
    ['_count=2&_sort=-date', ['o1', 'o3', 'o2', 'reported']],
    ['code=b&_count=1', ['o2', 'o3']],
    ['subject=p1', ['o2', 'o3', 'o1']],
  ] as const) {
    const pages = await readAll(`/Patient/p1/Observation?${query}`);
    expect([query, pages.flatMap((page) => listed(page, 'match'))]).toEqual([
      query,
      ids.map((id) => `Observation/${id}`),
    ]);
  }
  expect((await get('/Patient/p1/Observation?_total=accurate&_summary=count')).body.total).toBe(4);
  const { body } = await get('/Patient/p1/Observation?_count=1');
  expect(body.link[0].url).toBe(`${baseUrl}/Patient/p1/Observation?_count=1`);
  expect(nextOf(body)?.startsWith(`${base}/Patient/p1/Observation?`)).toBe(true);
});

test('a search in the record of a patient that names another one finds only what is in both', async () => {
  for (const name of ['patient', 'subject']) {
    expect(listed((await get(`/Patient/p1/Observation?${name}=p2`)).body, 'match')).toEqual(['Observation/reported']);
    expect(listed((await get(`/Patient/p2/Observation?${name}=p1`)).body, 'match')).toEqual([]);
    expect((await get(`/Patient/p1/Observation?${name}=p2&_summary=count`)).body.total).toBe(1);
  }
  expect(listed((await get('/Patient/p1/Condition?patient=p2')).body, 'match')).toEqual([]);
});

test('patient finds only what is about the patient, and the record also what refers to the patient elsewhere', async () => {
  const [mother, child] = ['mother', 'child'].map((id) => ({ reference: `Patient/${id}` }));
  const about: readonly [string, object, object][] = [
    ['AllergyIntolerance', { patient: child }, { asserter: mother, recorder: mother }],
    ['Condition', { subject: child }, { asserter: mother }],
    ['Observation', { subject: child }, { performer: [mother] }],
    ['Coverage', { beneficiary: child }, { subscriber: mother, policyHolder: mother, payor: [mother] }],
  ];
  await api.store.prepareResourceTypes(['AllergyIntolerance']);
  for (const id of ['mother', 'child']) await write({ resourceType: 'Patient', id });
  for (const [resourceType, main, others] of about)
    await write({ resourceType, id: `of-child-${resourceType}`, ...main, ...others });
  for (const [type] of about) {
    const own = [`${type}/of-child-${type}`];
    expect(listed((await get(`/${type}?patient=mother`)).body, 'match')).toEqual([]);
    expect(listed((await get(`/${type}?patient=child`)).body, 'match')).toEqual(own);
    for (const id of ['mother', 'child'])
      expect(listed((await get(`/Patient/${id}/${type}`)).body, 'match')).toEqual(own);
    const added = (await get(`/Patient?_id=mother&_revinclude=${type}:patient`)).body;
    expect(listed(added, 'include')).toEqual([]);
  }
  const everything = (await readAll('/Patient/mother/$everything')).flatMap((page) => listed(page, 'match'));
  expect(everything.toSorted()).toEqual(
    ['Patient/mother', ...about.map(([type]) => `${type}/of-child-${type}`)].toSorted(),
  );
});

test('subject finds what is about the patient', async () => {
  expect(listed((await get('/Patient/p1/Observation?_sort=date')).body, 'match')).toContain('Observation/reported');
  for (const value of ['Patient/p1', 'p1', 'Patient?_id=p1', 'Patient/p1%23part'])
    expect([value, listed((await get(`/Observation?subject=${value}`)).body, 'match')]).toEqual([
      value,
      record.slice(3),
    ]);
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

test('the compartment without a type has the whole record once, and adds nothing', async () => {
  const pages = await readAll('/Patient/p1/*?_count=2');
  expect(pages.flatMap((page) => listed(page, 'match'))).toEqual(record);
  expect(pages.flatMap((page) => listed(page, 'include'))).toEqual([]);
  const limited = (await get('/Patient/p1/*?_type=Condition')).body;
  expect(listed(limited, 'match')).toEqual(['Condition/c1']);
  expect((await get('/Patient/p1/*?code=b')).refusal).toEqual([400, 'invalid-request']);
});

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

test('a search of groups finds the group of the connection and the stored ones', async () => {
  const idsOf = async (query: string) => {
    const { status, body } = await get(`/Group${query}`);
    const ids = (body.entry ?? []).map(({ resource }: { resource: Written }) => resource.id);
    return [status, body.total, ids];
  };
  expect(await idsOf('?_total=accurate')).toEqual([200, 2, [connectionId, 'g1']]);
  expect(await idsOf(`?_id=${connectionId}`)).toEqual([200, undefined, [connectionId]]);
  expect(await idsOf('?_id=g1')).toEqual([200, undefined, ['g1']]);
  expect(await idsOf('?_summary=count')).toEqual([200, 2, []]);
  expect(await idsOf('?code=x')).toEqual([200, undefined, []]);
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

test('a token whose scopes do not cover Patient cannot tell which patients are stored or deleted', async () => {
  const token = await tokenOf('system/Condition.rs');
  for (const id of ['p2', 'none', 'gone'])
    for (const path of [`/Patient/${id}/Condition`, `/Patient/${id}/$everything`]) {
      const { status, body } = await get(path, token);
      expect([path, status, body.entry]).toEqual([path, 200, undefined]);
    }
  const mayReadPatients = await tokenOf('system/Condition.rs system/Patient.r');
  expect((await get('/Patient/none/Condition', mayReadPatients)).refusal).toEqual([404, 'unknown-resource']);
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

test('a search by many invented ids stores a small event, which is found by each of them', async () => {
  const ids = Array.from({ length: 1000 }, (_, index) => `invented-${index}`);
  for (const [path, patients] of [
    [`/Patient?_id=${ids.slice(0, 50).join(',')}`, ids.slice(0, 50)],
    [`/Patient?_id=p1,${ids.slice(0, 900).join(',')}`, ['*', 'p1']],
  ] as const) {
    await get(path);
    const { body } = await api.request('GET', '/api/ehr/audit-events?action=resource.search&limit=1');
    expect(body.data[0].patients.toSorted()).toEqual(patients.toSorted());
    const { body: found } = await api.request('GET', '/api/ehr/audit-events?patient=invented-7&limit=1');
    expect(found.data[0].id).toBe(body.data[0].id);
  }
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
