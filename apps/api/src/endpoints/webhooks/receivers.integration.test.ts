import { makeConnection } from '@bulkhead/connections/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../testing/start-api.ts';

const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const url = 'https://client.example/hook';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  for (const id of ['conn_1', 'conn_2', 'conn_3', 'conn_4'])
    await api.store.connections.insert(makeConnection({ id, name: id }));
  await api.store.connections.saveWebhook({ id: 'conn_4', url, secret: 'whsec_1' });
  await plant({ connectionId: 'conn_1', count: 3, state: 'delivered', statuses: [204] });
  await plant({
    connectionId: 'conn_2',
    count: 2,
    state: 'pending',
    statuses: [500, 500, 500, 500, 500, 500, 500, 503],
  });
  await plant({ connectionId: 'conn_2', count: 1, state: 'delivered', statuses: [204] });
  await plant({ connectionId: 'conn_3', count: 1, state: 'failed', statuses: [410] });
  await plant({ connectionId: 'conn_3', count: 1, state: 'pending', statuses: [] });
});
afterAll(() => api.stop());

async function plant(options: {
  readonly connectionId: string;
  readonly count: number;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly statuses: readonly number[];
}): Promise<void> {
  const { connectionId, count, state, statuses } = options;
  for (let index = 0; index < count; index++)
    await api.store.webhookDeliveries.insertMissing({
      id: `job_${connectionId}_${state}_${index}`,
      connectionId,
      url,
      type: 'bulk-export.completed',
      body: '{}',
      state,
      createdAt: ago(index + 1),
      ...(state === 'delivered' ? { deliveredAt: ago(index + 1) } : {}),
      attempts: statuses.map((status) => ({ at: ago(index), status })),
    });
}

test('lists the receivers, those that do not accept their calls first, with what was delivered, is repeated and failed', async () => {
  const { body } = await api.request('GET', '/api/ehr/webhook-receivers');
  const rows = body.data.map(({ connectionId, delivered, repeated, failed }: Record<string, unknown>) => [
    connectionId,
    delivered,
    repeated,
    failed,
  ]);
  expect(rows).toEqual([
    ['conn_3', 0, 0, 1],
    ['conn_2', 1, 2, 0],
    ['conn_1', 3, 0, 0],
    ['conn_4', 0, 0, 0],
  ]);
  expect(body.data[1]).toMatchObject({ url, lastDeliveredAt: ago(1).toISOString(), lastFailure: { status: 503 } });
});

test('lists only the receivers that did not accept a call', async () => {
  const { body } = await api.request('GET', '/api/ehr/webhook-receivers?failing=true');
  expect(body.data.map(({ connectionId }: { connectionId: string }) => connectionId)).toEqual(['conn_3', 'conn_2']);
});

test.each([
  { state: 'repeated', ids: ['job_conn_2_pending_0', 'job_conn_2_pending_1'] },
  { state: 'failed', ids: ['job_conn_3_failed_0'] },
  { state: 'pending', ids: ['job_conn_3_pending_0', 'job_conn_2_pending_0', 'job_conn_2_pending_1'] },
])('lists the $state calls of all connections, the newest first, in pages', async ({ state, ids }) => {
  const listed: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await api.request('GET', `/api/ehr/webhook-deliveries?state=${state}&limit=1${cursor}`);
    listed.push(...body.data.map(({ id }: { id: string }) => id));
    if (body.next === undefined) break;
    cursor = `&cursor=${body.next}`;
  }
  expect(listed).toEqual(ids);
});

test('a client key sees only the receivers and calls of its connections', async () => {
  const key = await api.store.apiKeys.create({ name: 'few', role: 'client', connectionIds: ['conn_2'], now });
  for (const path of ['/api/ehr/webhook-receivers', '/api/ehr/webhook-deliveries']) {
    const { body } = await api.request('GET', path, { authorization: `Bearer ${key}` });
    const ids = body.data.map(({ connectionId }: { connectionId: string }) => connectionId);
    expect([...new Set(ids)]).toEqual(['conn_2']);
  }
});

test('the health report says that calls are being repeated', async () => {
  const { body } = await api.request('GET', '/api/ehr/health-report?fresh=true');
  const { reason } = body.data.checks.find(({ id }: { id: string }) => id === 'webhooks');
  expect(reason).toBe(
    'Receivers that did not get their calls: 2. Calls that failed: 1. Calls that are being repeated: 2.',
  );
});
