import type { WebhookDelivery } from '@bulkhead/webhooks';
import { afterAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { endpoints, type KeyedEndpointId } from '../testing/all-endpoints.ts';
import { toRequest } from '../testing/endpoint-requests.ts';
import { plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi();
const planted = await plantConnection(api.store);
await Promise.all([plantConnection(api.store), plantConnection(api.store)]);
afterAll(() => api.stop());

const isList = (schema: unknown) => schema instanceof z.ZodObject && schema.shape.data instanceof z.ZodArray;
const lists = endpoints.filter(({ responses }) => isList(responses[200]?.schema));

test('every list takes `cursor` and `limit`, and answers with `next`', () => {
  expect(lists.length).toBeGreaterThan(15);
  const others = lists.filter(({ request: { query }, responses }) => {
    const names = Object.keys(query?.shape ?? {});
    const answer = responses[200]?.schema as z.ZodObject;
    return !names.includes('cursor') || !names.includes('limit') || !('next' in answer.shape);
  });
  expect(others.map(({ id }) => id)).toEqual([]);
});

test('no query has another name for the position of a page', () => {
  const names = endpoints.flatMap(({ request: { query } }) => Object.keys(query?.shape ?? {}));
  expect(names.filter((name) => /^(after|before|page|offset|skip|from_id)$/.test(name))).toEqual([]);
});

async function read(id: KeyedEndpointId, parameters: Readonly<Record<string, string>>) {
  const { method, path } = toRequest(id, planted);
  const [address = '', query] = path.split('?');
  const search = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...parameters });
  const { status, body } = await api.request(method, `${address}?${search}`);
  return { status, data: body.data as unknown[], next: body.next as string | undefined };
}

async function readByOne(id: KeyedEndpointId, parameters: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
  const entries: unknown[] = [];
  for (let next: string | undefined; ; ) {
    const page = await read(id, { ...parameters, limit: '1', ...(next === undefined ? {} : { cursor: next }) });
    entries.push(...page.data);
    next = page.next;
    if (next === undefined) return entries;
  }
}

/** Without the sources of a resource, because none is stored here. */
const withEntries = lists.map(({ id }) => id as KeyedEndpointId).filter((id) => id !== 'listResourceSources');
/** Without what the reading itself changes. */
const steady = withEntries.filter(
  (id) => !['listAuditEvents', 'listQueues', 'listProcesses', 'listRateBudgets', 'listPlans'].includes(id),
);

test.each(steady)('%s returns the same entries page by page as in one page', async (id) => {
  const whole = await read(id, { limit: '1000' });
  expect([whole.status, whole.next]).toEqual([200, undefined]);
  expect(await readByOne(id)).toEqual(whole.data);
});

test('lists of three records have three pages of one entry', async () => {
  const ids = ['listConnections', 'listBulkExports', 'listSchedules', 'listQuarantinedLines'] as const;
  for (const id of ids) expect([id, (await readByOne(id)).length]).toEqual([id, 3]);
  const { connectionId } = planted;
  const all = await read('listSyncRuns', { connectionId });
  expect(all.data).toHaveLength(1);
});

test('the list of webhook deliveries has a page after a delivery of each kind of event', async () => {
  const { connectionId } = planted;
  const [delivery] = await api.store.webhookDeliveries.list({ connectionId, scope: 'all', limit: 1 });
  for (const id of ['job_a.1.0', 'sync_a.1.0', 'sched_a.job_b.0'])
    await api.store.webhookDeliveries.insertMissing({ ...(delivery as WebhookDelivery), id });
  expect(await readByOne('listWebhookDeliveries')).toHaveLength(4);
});

test('the newest webhook delivery is first, whatever the kind of its event', async () => {
  const { connectionId } = await plantConnection(api.store);
  const [delivery] = await api.store.webhookDeliveries.list({ connectionId, scope: 'all', limit: 1 });
  const add = (id: string, createdAt: Date) =>
    api.store.webhookDeliveries.insertMissing({ ...(delivery as WebhookDelivery), id, createdAt });
  await add('sync_order.1.0', new Date('2030-01-01T00:00:00Z'));
  await add('job_order.1.0', new Date('2030-01-02T00:00:00Z'));
  await add('job_order.2.0', new Date('2030-01-02T00:00:00Z'));
  await add('sched_order.job_b.0', new Date('2030-01-03T00:00:00Z'));
  const entries = (await readByOne('listWebhookDeliveries', { connectionId })) as WebhookDelivery[];
  expect(entries.map(({ id }) => id)).toEqual([
    'sched_order.job_b.0',
    'job_order.2.0',
    'job_order.1.0',
    'sync_order.1.0',
    delivery?.id,
  ]);
});

test('the lists of lines and of documents count what one index contains, on the first page', async () => {
  const totalOf = async (id: KeyedEndpointId, parameters: Readonly<Record<string, string>>) => {
    const { method, path } = toRequest(id, planted);
    const [address, query = ''] = path.split('?');
    const search = { ...Object.fromEntries(new URLSearchParams(query)), total: 'true', ...parameters };
    return (await api.request(method, `${address}?${new URLSearchParams(search)}`)).body.total;
  };
  expect(await totalOf('listQuarantinedLines', {})).toBeGreaterThanOrEqual(3);
  expect(await totalOf('listQuarantinedLines', { runId: planted.exportId })).toBe(1);
  expect(await totalOf('listQuarantinedLines', { runId: planted.exportId, reason: 'not-json' })).toBeUndefined();
  expect(await totalOf('listDocuments', {})).toBe(1);
  expect(await totalOf('listDocuments', { patient: 'p2' })).toBe(0);
  expect(await totalOf('listDocuments', { state: 'skipped' })).toBeUndefined();
});

// Otherwise a client whose cursor is damaged would read the first page again and again, or see the end too early.
test.each(withEntries)('%s refuses a cursor that is from no page of it', async (id) => {
  const { status, data } = await read(id, { cursor: 'xyz' });
  expect({ status, data }).toEqual({ status: 400, data: undefined });
});

test('a cursor whose entry is gone is refused for a list that has no order of ids', async () => {
  const { status } = await read('listConnections', { cursor: 'conn_gone' });
  expect(status).toBe(400);
});
