import { toTombstone } from '@bulkhead/records';
import { ageChanges, documentContext, makeDocument } from '@bulkhead/records/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
const connectionId = await api.createConnection();
const { resourceWriter, retention } = api.store;
afterAll(() => api.stopAndCheckAnswers());

const path = '/api/ehr/athenahealth/resources/_history';
const accept = 'application/fhir+ndjson';
const document = (resourceType: string, id: string) => makeDocument({ resourceType, id }, { connectionId });
const write = (resourceType: string, id: string) => resourceWriter.write(resourceType, [document(resourceType, id)]);
const read = (query: string, options = {}) =>
  api.request('GET', `${path}?connectionId=${connectionId}${query}`, options);

interface Entry {
  readonly request: { readonly method: string; readonly url: string };
}
const changesOf = (entries: readonly Entry[] = []) => entries.map(({ request: { method, url } }) => `${method} ${url}`);
/** @returns the changes of a stream, and its end */
const linesOf = (text: string) => {
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  const parsed = lines.map((line) => JSON.parse(line));
  const end = parsed.pop();
  return { changes: changesOf(parsed), end };
};

// One after the other, so that their order is known.
for (const [type, id] of [
  ['Goal', 'g1'],
  ['Flag', 'f1'],
  ['Goal', 'g2'],
  ['Flag', 'f2'],
  ['List', 'l1'],
] as const)
  await write(type, id);
const context = { ...documentContext, connectionId, observedAt: new Date('2026-01-01T00:00:00Z') };
await resourceWriter.write('Goal', [toTombstone({ resourceId: 'g1', context })]);
const inOrder = ['PUT Flag/f1', 'PUT Goal/g2', 'PUT Flag/f2', 'PUT List/l1', 'DELETE Goal/g1'];
await ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: ['Goal', 'Flag', 'List'] });

test('changes of all types are listed in the order in which they were stored, as pages and as a stream', async () => {
  const pages: string[] = [];
  let next: string | undefined = `${path}?connectionId=${connectionId}&_count=2&_sort=_lastUpdated`;
  for (let count = 0; next !== undefined; count++) {
    const { body } = await api.request('GET', next);
    pages.push(...changesOf(body.entry));
    expect(body.entry).toHaveLength(count < 2 ? 2 : 1);
    const link = body.link.find(({ relation }: { readonly relation: string }) => relation === 'next');
    next = link && new URL(link.url).pathname + new URL(link.url).search;
  }
  expect(pages).toEqual(inOrder);
  const { text, headers } = await read('', { accept });
  expect(headers.get('content-type')).toMatch(/^application\/fhir\+ndjson/);
  const { changes, end } = linesOf(text);
  expect(changes).toEqual(inOrder);
  expect(end).toEqual({ resourceType: 'Bundle', type: 'history', meta: { lastUpdated: expect.any(String) } });
  const after = await read(`&_since=${end.meta.lastUpdated}`, { accept });
  expect(linesOf(after.text).changes).toEqual([]);
});

test('changes are listed of the requested types only', async () => {
  const wanted = inOrder.filter((change) => !change.includes('Goal'));
  expect(changesOf((await read('&_type=Flag,List')).body.entry)).toEqual(wanted);
  expect(linesOf((await read('&_type=List,Flag', { accept })).text).changes).toEqual(wanted);
  expect(changesOf((await read('&_type=Patient')).body.entry)).toEqual([]);
});

test.each([
  { what: 'a type that does not exist', query: '&_type=Flag,Nothing', refusal: [404, 'unknown-resource'] },
  { what: 'a time in the future', query: '&_since=2999-01-01T00:00:00Z', refusal: [400, 'invalid-request'] },
  { what: 'another order', query: '&_sort=-_lastUpdated', refusal: [400, 'invalid-request'] },
  { what: 'a cursor of another history', query: '&_cursor=WyJ4Il0', refusal: [400, 'invalid-request'] },
  { what: 'a page as NDJSON', query: '&_count=2', options: { accept }, refusal: [400, 'invalid-request'] },
  { what: 'a parameter of a search', query: '&patient=p1', refusal: [400, 'invalid-request'] },
])('changes with $what are refused', async ({ query, refusal, options }) => {
  expect((await read(query, options)).refusal).toEqual(refusal);
});

test('changes from before a deletion of tombstones are refused with 410, and a copy without anything reads from the beginning', async () => {
  const olderThan = new Date(Date.now() - 24 * 3_600_000);
  await retention.tombstone({ now: new Date(), olderThan, limit: 10 });
  const since = `&_since=${new Date(olderThan.getTime() - 60_000).toISOString()}`;
  for (const options of [{}, { accept }]) {
    expect((await read(since, options)).refusal).toEqual([410, 'history-expired']);
    expect((await read('', options)).status).toBe(200);
  }
});
