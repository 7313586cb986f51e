import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportEndedEventSchema } from '@bulkhead/bulk-export';
import { syncEndedEventSchema } from '@bulkhead/sync';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let system: System;
let receiver: Server;
let calls: Call[];
/** The statuses that the receiver answers, one per call. After them it answers 204. */
let answers: number[];
beforeEach(async () => {
  calls = [];
  answers = [];
  receiver = createServer(async (request, response) => {
    calls.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    response.writeHead(answers.shift() ?? 204).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterEach(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await system.stop();
});

const address = (path: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

async function start(
  env: Record<string, string> = { WORKER_WEBHOOK_PRIVATE_NETWORK: 'true' },
  url?: string,
): Promise<string> {
  system = await startSystem({ simulator: { patients: 2 }, env });
  await system.startWorker();
  const body = url === undefined ? {} : { url };
  const answer = await system.request('PUT', `/api/ehr/connections/${system.connectionId}/webhook`, body);
  expect(answer.body.data).toEqual({ ...body, secret: expect.stringMatching(/^whsec_/) });
  return answer.body.data.secret;
}

const deliveries = async () =>
  (await system.request('GET', `/api/ehr/webhook-deliveries?connectionId=${system.connectionId}`)).body.data;

function isSigned({ headers, body }: Call, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('webhook deliveries', () => {
  test('the end of an export is sent to both addresses, signed, with only ids and counts', async () => {
    const secret = await start(undefined, address('/connection'));
    const id = await system.startExport({ resourceTypes: ['Patient'], callbackUrl: address('/request') });
    const ended = await system.settled(id);
    await waitFor(() => calls.length === 2);
    expect(calls.map(({ path }) => path).sort()).toEqual(['/connection', '/request']);
    for (const call of calls) {
      expect(isSigned(call, secret)).toBe(true);
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
    await waitFor(async () => (await deliveries()).every(({ state }: { state: string }) => state === 'delivered'));
  }, 60_000);

  test('the end of a cancelled or failed export and of a sync is sent', async () => {
    await start(undefined, address('/'));
    await system.order({ match: { path: 'export$' }, fault: { kind: 'status', status: 403 } });
    await system.settled(await system.startExport());
    await waitFor(() => calls.length === 1);
    await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    const { connectionId } = system;
    await system.request('POST', '/api/ehr/athenahealth/enhanced-sync', { connectionId, includeEnhanced: false });
    await system.order({ match: { path: 'export$' }, fault: { kind: 'latency', ms: 6000 } });
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
    expect(events[0].data).toMatchObject({ status: 'FAILED', errorCode: 'ehr-forbidden' });
    // The OpenAPI document describes the calls by these schemas.
    for (const event of events) {
      const schema = event.type.startsWith('sync-run') ? syncEndedEventSchema : exportEndedEventSchema;
      expect(schema.parse(event)).toEqual(event);
    }
  }, 60_000);

  test('a delivery is repeated until the receiver accepts it, and once more on demand', async () => {
    await start(undefined, address('/'));
    answers = [500];
    await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    await waitFor(async () => (await deliveries())[0]?.state === 'delivered', { timeoutMs: 40_000 });
    const [delivery] = await deliveries();
    expect(delivery.attempts).toMatchObject([{ status: 500 }, { status: 204 }]);
    // A receiver recognises repetitions by the id.
    expect(new Set(calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
    expect((await system.request('POST', `/api/ehr/webhook-deliveries/${delivery.id}/resend`)).status).toBe(202);
    await waitFor(() => calls.length === 3);
  }, 60_000);

  test('a delivery fails without a retry if the receiver answers 410', async () => {
    await start(undefined, address('/'));
    answers = [410];
    await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    await waitFor(async () => (await deliveries())[0]?.state === 'failed');
    expect((await deliveries())[0].attempts).toMatchObject([{ status: 410 }]);
  }, 60_000);

  test('a delivery to a private network fails unless it is allowed', async () => {
    await start({}, address('/'));
    await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
    await waitFor(async () => (await deliveries())[0]?.state === 'failed');
    expect((await deliveries())[0].attempts).toMatchObject([{ error: expect.stringContaining('egress-refused') }]);
    expect(calls).toEqual([]);
  }, 60_000);

  test('a callback without a secret is refused with what to do', async () => {
    system = await startSystem();
    const { connectionId } = system;
    const body = { connectionId, callbackUrl: 'https://client.example.org/hook' };
    for (const path of ['bulk-export', 'enhanced-sync']) {
      const answer = await system.request('POST', `/api/ehr/athenahealth/${path}`, body);
      expect(answer).toMatchObject({ status: 400, body: { error: { details: [{ path: 'callbackUrl' }] } } });
    }
    const put = (body: object) => system.request('PUT', `/api/ehr/connections/${connectionId}/webhook`, body);
    expect(await put({ url: 'ftp://x' })).toMatchObject({
      status: 400,
      body: { error: { details: [{ path: 'url' }] } },
    });
    expect(await put({ url: 'https://a:b@example.org/' })).toMatchObject({ status: 400 });
    expect((await system.request('PUT', '/api/ehr/connections/none/webhook', {})).status).toBe(404);
    expect((await system.request('POST', '/api/ehr/webhook-deliveries/none/resend')).status).toBe(404);
    expect((await system.request('DELETE', `/api/ehr/connections/${connectionId}/webhook`)).status).toBe(204);
  }, 30_000);
});
