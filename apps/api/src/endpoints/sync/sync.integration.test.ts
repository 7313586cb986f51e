import { waitFor } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { httpLimits } from '../../app.ts';
import { startApi, type TestApi } from '../../testing/start-api.ts';

let api: TestApi;
let isStopped: boolean;
const stop = async () => {
  if (!isStopped) await api.stop();
  isStopped = true;
};
const start = async (options: Parameters<typeof startApi>[0] = {}) => {
  isStopped = false;
  api = await startApi(options);
};
afterEach(stop);

const sync = async (prefer: string) =>
  api.request('POST', '/api/ehr/athenahealth/enhanced-sync', {
    body: { connectionId: await api.createConnection() },
    headers: { prefer },
  });
const hasRun = async () =>
  (await api.store.syncRuns.list({ provider: 'athenahealth', scope: 'all', limit: 10 })).length > 0;

test.each([
  { prefer: 'respond-async', applied: 'respond-async' },
  { prefer: 'wait=0', applied: 'wait=0' },
  { prefer: 'respond-async, wait=0', applied: 'respond-async, wait=0' },
  { prefer: 'respond-async, return=minimal', applied: 'respond-async' },
])('answers 202 with the three counts of the guide to "Prefer: $prefer"', async ({ prefer, applied }) => {
  await start();
  const { status, headers, body } = await sync(prefer);
  expect([status, headers.get('preference-applied')]).toEqual([202, applied]);
  expect(body.data).toMatchObject({ standardResources: 0, enhancedResources: 0, total: 0, status: 'IN_PROGRESS' });
});

test('waits as long as the client prefers, although the connection is idle for longer than its limit', async () => {
  await start({ serverLimits: { ...httpLimits, idleTimeout: 200 } });
  const { status, headers } = await sync('wait=1');
  expect([status, headers.get('preference-applied')]).toEqual([202, 'wait=1']);
});

test('ends the wait of a client with 202 if the API stops', async () => {
  await start();
  const answer = sync('wait=290');
  await waitFor(hasRun);
  await stop();
  expect((await answer).status).toBe(202);
});

test('stops reading the run of a client that has left', async () => {
  await start();
  const connectionId = await api.createConnection();
  const client = new AbortController();
  const answer = fetch(`${api.baseUrl}/api/ehr/athenahealth/enhanced-sync`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.operatorKey}`, 'content-type': 'application/json', prefer: 'wait=290' },
    body: JSON.stringify({ connectionId }),
    signal: client.signal,
  });
  const refused = expect(answer).rejects.toThrow('aborted');
  await waitFor(hasRun);
  client.abort();
  await refused;
  // The request is over only then: its audit event is the last thing that it writes.
  await waitFor(async () => {
    const events = await api.store.auditEvents.list({ filter: {}, limit: 10 });
    return events.some(({ action }) => action === 'sync.create');
  });
});
