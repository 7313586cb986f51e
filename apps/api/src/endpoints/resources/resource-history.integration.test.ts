import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
const { resourceWriter } = api.store;
afterAll(() => api.stopAndCheckAnswers());

const ofPatient = (type: string, id: string) =>
  makeDocument(
    `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"1"},"subject":{"reference":"Patient/p1"},"order":1.50}`,
    { connectionId },
  );
const deletedAt = { ...documentContext, connectionId, observedAt: new Date('2024-06-02T00:00:00Z') };
const deletion = (resourceId: string) => toTombstone({ resourceId, context: deletedAt });

const settle = (resourceType: string) =>
  ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: [resourceType] });

interface History {
  readonly meta: { readonly lastUpdated: string };
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly request: { readonly method: string; readonly url: string } }[];
}

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
const history = async (query: string, type = 'Coverage') =>
  api.request('GET', `/api/ehr/athenahealth/resources/${type}/_history?connectionId=${connectionId}&${query}`);
const changesIn = ({ entry = [] }: History) => entry.map(({ request: { method, url } }) => `${method} ${url}`);
const nextOf = ({ link }: History) => link.find(({ relation }) => relation === 'next')?.url;

test('a history lists what was stored, changed and deleted as a FHIR Bundle, and the next one continues at its end', async () => {
  await resourceWriter.write(
    'Coverage',
    ['a', 'b', 'gone'].map((id) => ofPatient('Coverage', id)),
  );
  await resourceWriter.write('Coverage', [deletion('gone')]);
  await settle('Coverage');
  const { status, headers, text } = await history(`_since=${hoursAgo(2)}`);
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/fhir\+json/)]);
  // The text of a number is kept.
  expect(text).toContain('"order":1.50');
  const body = JSON.parse(text);
  const [first, , last] = body.entry;
  expect(changesIn(body)).toEqual(['DELETE Coverage/gone', 'PUT Coverage/b', 'PUT Coverage/a']);
  const lastModified = expect.stringMatching(/:\d\d\.000Z$/);
  expect(first).toEqual({
    fullUrl: `${fhirEndpoint}/Coverage/gone`,
    request: { method: 'DELETE', url: 'Coverage/gone' },
    response: { status: '204', lastModified },
  });
  expect(last).toMatchObject({
    fullUrl: `${fhirEndpoint}/Coverage/a`,
    resource: { resourceType: 'Coverage', id: 'a' },
    response: { status: '200', etag: 'W/"1"', lastModified },
  });

  await resourceWriter.write('Coverage', [ofPatient('Coverage', 'c')]);
  const { lastUpdated } = body.meta;
  expect(changesIn((await history(`_since=${lastUpdated}`)).body)).toEqual(['PUT Coverage/c']);
  expect(Date.now() - Date.parse(lastUpdated)).toBeGreaterThanOrEqual(120_000);
});

test('the pages of a history list each change once, and a page without a `next` is the last one', async () => {
  for (let index = 0; index < 7; index++) await resourceWriter.write('Goal', [ofPatient('Goal', `g${index}`)]);
  await settle('Goal');
  const first = (await history(`_since=${hoursAgo(2)}&_count=3`, 'Goal')).body as History;
  const found = [...changesIn(first)];
  for (let next = nextOf(first); next !== undefined; ) {
    const page = (await api.request('GET', new URL(next).pathname + new URL(next).search)).body as History;
    expect(page.meta).toEqual(first.meta);
    found.push(...changesIn(page));
    next = nextOf(page);
  }
  expect(found).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `PUT Goal/g${index}`));
});

test('a page of a history that is read later ends at the same time as the first page, so that no change is left out', async () => {
  for (let index = 0; index < 2; index++) await resourceWriter.write('Flag', [ofPatient('Flag', `f${index}`)]);
  await settle('Flag');
  const first = (await history(`_since=${hoursAgo(2)}&_count=1`, 'Flag')).body as History;
  const later = async () => (await history(`_since=${hoursAgo(2)}`, 'Flag')).body as History;
  await waitFor(async () => (await later()).meta.lastUpdated > first.meta.lastUpdated);
  const next = new URL(nextOf(first) ?? '');
  const page = (await api.request('GET', next.pathname + next.search)).body as History;
  expect([changesIn(page), page.meta]).toEqual([['PUT Flag/f0'], first.meta]);
});

test.each([
  { what: 'no time', query: '', path: '_since' },
  { what: 'a day', query: '_since=2026-11-01', path: '_since' },
  { what: 'a cursor of another history', query: `_since=2026-11-01T00:00:00Z&_cursor=WyJ4Il0`, path: '_cursor' },
  { what: 'a page of 0', query: '_since=2026-11-01T00:00:00Z&_count=0', path: '_count' },
  { what: 'a search parameter', query: '_since=2026-11-01T00:00:00Z&patient=p1', path: 'patient' },
])('a history with $what is refused with 400', async ({ query, path }) => {
  const { status, body } = await history(query);
  expect([status, body.error.code, body.error.details[0].path]).toEqual([400, 'invalid-request', path]);
});

test('a history from before a deletion of tombstones returns 410, because it would lack deletions', async () => {
  const olderThan = new Date(Date.now() - 24 * 3_600_000);
  await api.store.retention.tombstone({ now: new Date(), olderThan, limit: 10 });
  expect((await history(`_since=${hoursAgo(25)}`)).refusal).toEqual([410, 'history-expired']);
  expect((await history(`_since=${hoursAgo(23)}`)).status).toBe(200);
});

test('the audit event of a history has the patients whose resources were read', async () => {
  await resourceWriter.write('Account', [ofPatient('Account', 'seen')]);
  await settle('Account');
  await history(`_since=${hoursAgo(2)}`, 'Account');
  const [event] = await api.store.auditEvents.list({ filter: { action: 'resource.search' }, limit: 1 });
  expect(event?.patients).toEqual(['p1']);
});
