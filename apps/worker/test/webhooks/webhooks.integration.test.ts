import { createHmac } from 'node:crypto';
import { exportEndedEventSchema } from '@bulkhead/imports/export';
import { syncEndedEventSchema } from '@bulkhead/imports/sync';
import { type ReceivedRequest, startScriptedServer, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

/** @param answers the statuses that the receiver answers, one per call. After them it answers 204. */
async function startReceiver(...answers: number[]) {
  const statuses = [...answers, 204].map((status) => ({ status }));
  const { url, requests, stop } = await startScriptedServer({ '*': statuses });
  return { calls: requests, address: (path: string) => url + path, [Symbol.asyncDispose]: stop };
}

const toPrivateNetwork = { WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' };

/** Starts a system whose connection has a webhook. `secret` signs its calls. */
async function start(url: string) {
  const env = toPrivateNetwork;
  const system = await startSystem({ hasWorker: true, simulator: { patients: 2 }, env, kickOffWaitMs: 1000 });
  const answer = await system.request('PUT', `/api/ehr/connections/${system.connectionId}/webhook`, { url });
  expect(answer.body.data).toEqual({ url, secret: expect.stringMatching(/^whsec_/) });
  return { ...system, secret: answer.body.data.secret };
}

const deliveries = async (system: System) =>
  (await system.request('GET', `/api/ehr/webhook-deliveries?connectionId=${system.connectionId}`)).body.data;

function isSigned({ headers, body }: ReceivedRequest, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

test.concurrent('the end of an export is sent to both addresses, signed, with only ids and counts', async () => {
  await using receiver = await startReceiver();
  const { calls, address } = receiver;
  await using system = await start(address('/connection'));
  const id = await system.startExport({ resourceTypes: ['Patient'], callbackUrl: address('/request') });
  const ended = await system.settled(id);
  await waitFor(() => calls.length === 2);
  expect(calls.map(({ path }) => path).sort()).toEqual(['/connection', '/request']);
  for (const call of calls) {
    expect(isSigned(call, system.secret)).toBe(true);
    expect(JSON.parse(call.body)).toEqual({
      type: 'bulk-export.completed',
      timestamp: ended.completedAt,
      data: {
        id,
        connectionId: system.connectionId,
        status: 'COMPLETED',
        partial: false,
        counts: ended.counts,
        warnings: [],
      },
    });
  }
  await waitFor(async () => (await deliveries(system)).every(({ state }: { state: string }) => state === 'delivered'));
});

test.concurrent('the end of a cancelled or failed export and of a sync is sent', async () => {
  await using receiver = await startReceiver();
  const { calls, address } = receiver;
  await using system = await start(address('/'));
  await system.inject('export$', { kind: 'status', status: 403 });
  await system.settled(await system.startExport());
  // Webhooks have no order, so each is awaited before the next run starts.
  await waitFor(() => calls.length === 1);
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await waitFor(() => calls.length === 2);
  const { connectionId } = system;
  await system.request('POST', '/api/ehr/athenahealth/enhanced-sync', { connectionId, includeEnhanced: false });
  await waitFor(() => calls.length === 3);
  await system.inject('export$', { kind: 'export-fate', end: 'never-ends' });
  const cancelled = await system.startExport();
  await system.request('DELETE', `/api/ehr/athenahealth/bulk-export/${cancelled}`);
  await waitFor(() => calls.length === 4);
  const events = calls.map(({ body }) => JSON.parse(body));
  expect(events.map(({ type }) => type)).toEqual([
    'bulk-export.failed',
    'bulk-export.completed',
    'sync-run.completed',
    'bulk-export.cancelled',
  ]);
  expect(events[0].data).toMatchObject({
    status: 'FAILED',
    errorCode: 'ehr-forbidden',
    errorTitle: 'The EHR denies access',
    errorAdvice: 'Check that the granted scopes and the practice cover the request.',
  });
  expect(events[1].data).not.toHaveProperty('errorTitle');
  // The OpenAPI document describes the calls by these schemas.
  for (const event of events) {
    const schema = event.type.startsWith('sync-run') ? syncEndedEventSchema : exportEndedEventSchema;
    expect(schema.parse(event)).toEqual(event);
  }
});

test.concurrent('a delivery is repeated until the receiver accepts it, and once more on demand', async () => {
  await using receiver = await startReceiver(500);
  const { calls, address } = receiver;
  await using system = await start(address('/'));
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await waitFor(async () => (await deliveries(system))[0]?.state === 'delivered', { timeoutMs: 40_000 });
  const [delivery] = await deliveries(system);
  expect(delivery.attempts).toMatchObject([{ status: 500 }, { status: 204 }]);
  // A receiver recognises repetitions by the id.
  expect(new Set(calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
  expect((await system.request('POST', `/api/ehr/webhook-deliveries/${delivery.id}/resend`)).status).toBe(202);
  await waitFor(() => calls.length === 3);
});

test.concurrent('resend sends a delivery now if it waits for its next attempt', async () => {
  await using receiver = await startReceiver(500);
  const { calls, address } = receiver;
  await using system = await start(address('/'));
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await waitFor(async () => (await deliveries(system))[0]?.attempts.length === 1);
  const [{ id }] = await deliveries(system);
  const delayed = async () => {
    const { data } = (await system.request('GET', '/api/ehr/queues')).body;
    return data.find(({ queue }: { queue: string }) => queue === 'webhook').jobs.delayed;
  };
  await waitFor(async () => (await delayed()) === 1);
  await system.request('POST', `/api/ehr/webhook-deliveries/${id}/resend`);
  expect(await delayed()).toBe(0);
  await waitFor(async () => (await deliveries(system))[0].state === 'delivered');
  expect(calls).toHaveLength(2);
});

test.concurrent('a call that was not delivered follows the connection to another address, and one to a callbackUrl does not', async () => {
  await using receiver = await startReceiver(410, 410);
  const { calls, address } = receiver;
  await using system = await start(address('/old'));
  await system.settled(await system.startExport({ resourceTypes: ['Patient'], callbackUrl: address('/request') }));
  const haveAll = (state: string) =>
    waitFor(async () => {
      const states = (await deliveries(system)).map((delivery: { state: string }) => delivery.state);
      return states.join() === `${state},${state}`;
    });
  await haveAll('failed');
  const path = `/api/ehr/connections/${system.connectionId}/webhook`;
  const { secret } = (await system.request('PUT', path, { url: address('/new') })).body.data;
  for (const { id } of await deliveries(system))
    await system.request('POST', `/api/ehr/webhook-deliveries/${id}/resend`);
  await haveAll('delivered');
  expect(calls.map((call) => call.path).sort()).toEqual(['/new', '/old', '/request', '/request']);
  const [moved] = calls.filter((call) => call.path === '/new');
  expect(moved && isSigned(moved, secret)).toBe(true);
  // A delivered call stays where it was sent.
  await system.request('PUT', path, { url: address('/newest') });
  const urls = (await deliveries(system)).map(({ url }: { url: string }) => new URL(url).pathname);
  expect(urls.sort()).toEqual(['/new', '/request']);
});

test.concurrent('a delivery fails without a retry if the receiver answers 410', async () => {
  await using receiver = await startReceiver(410);
  const { address } = receiver;
  await using system = await start(address('/'));
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await waitFor(async () => (await deliveries(system))[0]?.state === 'failed');
  expect((await deliveries(system))[0].attempts).toMatchObject([{ status: 410 }]);
});

test.concurrent('a delivery to an address that was allowed before fails once it is private', async () => {
  await using receiver = await startReceiver();
  const { calls, address } = receiver;
  await using system = await startSystem({ hasWorker: true, simulator: { patients: 2 }, kickOffWaitMs: 1000 });
  const put = { url: address('/') };
  const refused = await system.request('PUT', `/api/ehr/connections/${system.connectionId}/webhook`, put);
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('it is not https') } },
  });
  await system.store.connections.saveWebhook({ id: system.connectionId, ...put, secret: 'whsec_c2VjcmV0' });
  await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
  await waitFor(async () => (await deliveries(system))[0]?.state === 'failed');
  expect((await deliveries(system))[0].attempts).toMatchObject([
    { error: expect.stringContaining('No call was sent: it is not https') },
  ]);
  expect(calls).toEqual([]);
});

test.concurrent('a callback without a secret is refused with what to do', async () => {
  await using system = await startSystem();
  const { connectionId } = system;
  const body = { connectionId, callbackUrl: 'https://client.example.org/hook' };
  for (const path of ['bulk-export', 'enhanced-sync']) {
    const answer = await system.request('POST', `/api/ehr/athenahealth/${path}`, body);
    expect(answer).toMatchObject({ status: 400, body: { error: { details: [{ path: 'callbackUrl' }] } } });
  }
  const put = (body: object) => system.request('PUT', `/api/ehr/connections/${connectionId}/webhook`, body);
  expect(await put({ url: 'ftp://x' })).toMatchObject({ status: 400, body: { error: { details: [{ path: 'url' }] } } });
  expect(await put({ url: 'https://a:b@example.org/' })).toMatchObject({ status: 400 });
  expect((await system.request('PUT', '/api/ehr/connections/none/webhook', {})).status).toBe(404);
  expect((await system.request('POST', '/api/ehr/webhook-deliveries/none/resend')).status).toBe(404);
  expect((await system.request('DELETE', `/api/ehr/connections/${connectionId}/webhook`)).status).toBe(204);
});
