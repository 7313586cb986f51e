import type { NewAuditEvent } from '@bulkhead/access/audit';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi } from '../../testing/start-api.ts';

const api = await startApi();
afterAll(() => api.stopAndCheckAnswers());

/** More than a page of the list and more than a batch of the database. */
const planted = 1200;
const makeEvent = (n: number): NewAuditEvent => ({
  actor: { kind: 'api-key', id: 'key_planted', name: n === 0 ? '=1+1' : 'reporting', role: 'client' },
  action: 'resource.read',
  target: { connectionId: 'conn_planted' },
  patients: [n % 2 === 0 ? 'even' : 'odd'],
  outcome: n % 3 === 0 ? 'refused' : 'success',
});
beforeAll(async () => {
  for (let n = 0; n < planted; n++) await api.store.auditEvents.append(makeEvent(n));
});

const path = '/api/ehr/audit-events';
const download = (query: string) => api.request('GET', `${path}/download?${query}`);
const linesOf = (content: string) => content.trimEnd().split(/\r?\n/);

test('a download as NDJSON has every event of the list, as the list returns them', async () => {
  const { status, headers, text: content } = await download('actor=key_planted&format=ndjson');
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  expect(headers.get('content-disposition')).toBe('attachment; filename=audit-events.ndjson');
  const events = linesOf(content).map((line) => JSON.parse(line));
  expect(events).toHaveLength(planted);
  const page = await api.request('GET', `${path}?actor=key_planted&limit=1000`);
  expect(events.slice(0, 1000)).toEqual(page.body.data);
});

test('a download as CSV has a header, a line for each event, and no formula', async () => {
  const { headers, text: content } = await download('actor=key_planted');
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const [header, ...lines] = linesOf(content);
  expect(header).toMatch(/^id,at,actorKind,actorId,actorName,/);
  expect(lines).toHaveLength(planted);
  expect(lines.at(-1)).toContain(`,key_planted,'=1+1,client,`);
});

test('a download has the filters of the list, and refuses what the list refuses', async () => {
  const content = (await download('patient=odd&outcome=refused')).text;
  expect(linesOf(content)).toHaveLength(planted / 6 + 1);
  expect(linesOf((await download('from=2999-01-01T00:00:00Z')).text)).toHaveLength(1);
  expect((await download('format=ndjson&from=2999-01-01T00:00:00Z')).text).toBe('');
  for (const query of [
    'action=nonsense',
    'format=xlsx',
    'limit=1',
    'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
  ])
    expect([query, (await download(query)).status]).toEqual([query, 400]);
  const { refusal } = await api.request('GET', `${path}/download`, { authorization: `Bearer ${api.clientKey}` });
  expect(refusal).toEqual([403, 'forbidden']);
});

test('a download is an event of the audit log with the patient that was asked for', async () => {
  const { headers } = await download('patient=odd&format=ndjson');
  const [event] = await api.store.auditEvents.list({ filter: { action: 'audit-event.download' }, limit: 1 });
  expect(event).toMatchObject({
    outcome: 'success',
    patients: ['odd'],
    parameters: ['format', 'patient'],
    requestId: headers.get('x-request-id'),
  });
});

test('a download that a client leaves is recorded as left', async () => {
  const controller = new AbortController();
  const headers = { authorization: `Bearer ${api.operatorKey}` };
  const response = await fetch(`${api.baseUrl}${path}/download`, { headers, signal: controller.signal });
  controller.abort();
  await expect(response.text()).rejects.toThrow();
  const isLeft = async () => {
    const filter = { action: 'audit-event.download', outcome: 'failed' } as const;
    return (await api.store.auditEvents.list({ filter, limit: 1 })).some(({ code }) => code === 'client-left');
  };
  // The end of a small answer can be sent before the client leaves.
  await waitFor(isLeft, { timeoutMs: 5000 });
});

test('HEAD of a download reads no event', async () => {
  const { status, headers, text: content } = await api.request('HEAD', `${path}/download`);
  expect([status, headers.get('content-type'), content]).toEqual([200, 'text/csv; charset=utf-8', '']);
});

const totalOf = async (query: string) => (await api.request('GET', `${path}?limit=1&total=true&${query}`)).body.total;

test('the list counts what one index contains, on the first page, if it is asked to', async () => {
  expect(await totalOf('actor=key_planted')).toBe(planted);
  expect(await totalOf('patient=even')).toBe(planted / 2);
  expect(await totalOf('actor=key_planted&from=2999-01-01T00:00:00Z')).toBe(0);
  expect(await totalOf('actor=key_planted&outcome=refused')).toBeUndefined();
  const first = await api.request('GET', `${path}?limit=1&actor=key_planted`);
  expect(first.body).not.toHaveProperty('total');
  expect(await totalOf(`actor=key_planted&cursor=${first.body.next}`)).toBeUndefined();
});
