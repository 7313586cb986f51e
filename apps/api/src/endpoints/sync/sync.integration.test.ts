import { httpLimits } from '@bulkhead/http';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { anyPhase, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../testing/start-api.ts';

const sync = async (api: TestApi, prefer: string) =>
  api.request('POST', '/api/ehr/athenahealth/enhanced-sync', {
    body: { connectionId: await api.createConnection() },
    headers: { prefer },
  });
const hasRun = async ({ store }: TestApi) =>
  (await store.syncRuns.list({ provider: 'athenahealth', scope: 'all', limit: 10 })).length > 0;

test.each([
  { prefer: 'respond-async', applied: 'respond-async' },
  { prefer: 'wait=0', applied: 'wait=0' },
  { prefer: 'respond-async, wait=0', applied: 'respond-async, wait=0' },
  { prefer: 'respond-async, return=minimal', applied: 'respond-async' },
])(
  'enhanced-sync returns 202 with the three counts of the guide for "Prefer: $prefer"',
  async ({ prefer, applied }) => {
    await using api = await startApi();
    const { status, headers, body } = await sync(api, prefer);
    expect([status, headers.get('preference-applied')]).toEqual([202, applied]);
    expect(body.data).toMatchObject({ standardResources: 0, enhancedResources: 0, total: 0, status: 'IN_PROGRESS' });
  },
);

test('enhanced-sync waits as long as the client prefers, even if the socket is idle for longer than its limit', async () => {
  // The limit still applies until the handler runs, which can take some time on a busy machine.
  await using api = await startApi({ serverLimits: { ...httpLimits, idleTimeout: 1500 } });
  const { status, headers } = await sync(api, 'wait=3');
  expect([status, headers.get('preference-applied')]).toEqual([202, 'wait=3']);
});

test('enhanced-sync returns 202 to a waiting client if the API stops', async () => {
  const api = await startApi();
  const answer = sync(api, 'wait=290');
  await waitFor(() => hasRun(api));
  await api.stop();
  expect((await answer).status).toBe(202);
});

test('enhanced-sync stops reading the run if its client has left', async () => {
  await using api = await startApi();
  const connectionId = await api.createConnection();
  const client = new AbortController();
  const answer = fetch(`${api.baseUrl}/api/ehr/athenahealth/enhanced-sync`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.operatorKey}`, 'content-type': 'application/json', prefer: 'wait=290' },
    body: JSON.stringify({ connectionId }),
    signal: client.signal,
  });
  const refused = expect(answer).rejects.toThrow('aborted');
  await waitFor(() => hasRun(api));
  client.abort();
  await refused;
  // The request has ended when its audit event is written, because that is its last write.
  await waitFor(async () => {
    const events = await api.store.auditEvents.list({ filter: {}, limit: 10 });
    return events.some(({ action }) => action === 'sync.create');
  });
});

test('a retry of a sync that is refused, because another sync is running, does not change the failed searches', async () => {
  await using api = await startApi();
  const { syncRuns, syncSteps } = api.store;
  const connectionId = await api.createConnection();
  const start = async (): Promise<string> => {
    const request = { body: { connectionId }, headers: { prefer: 'respond-async' } };
    return (await api.request('POST', '/api/ehr/athenahealth/enhanced-sync', request)).body.data.id;
  };
  const id = await start();
  const step = { id: `${id}.0`, runId: id, connectionId, patientIds: [], searches: [], attempts: 1 };
  await syncSteps.insertMissing([{ ...step, state: 'failed' }]);
  const from = await syncRuns.find(id);
  if (!from) throw new Error('the run is missing');
  await syncRuns.transition({ from: anyPhase(from), to: 'partial' });
  const running = await start();
  const answer = await api.request('POST', `/api/ehr/athenahealth/sync-runs/${id}/retry`);
  expect(answer.refusal).toEqual([409, 'sync-already-running']);
  expect(answer.body.error.details).toEqual({ syncRunId: running });
  expect(await syncSteps.listUnsettledIds(id)).toEqual([]);
});

test('a page that was on its way when the EHR asked for a pause hides the pause only at first', async () => {
  await using api = await startApi();
  const { store } = api;
  const connectionId = await api.createConnection();
  const now = Date.now();
  const secondsAgo = (seconds: number) => new Date(now - seconds * 1000);
  const queued = makeSyncRun({ connectionId });
  await store.syncRuns.insert(queued);
  await store.syncRuns.transition({ from: anyPhase(queued), to: 'running' });
  const slow = { id: `${queued.id}.slow`, claim: 'first' };
  const paused = { id: `${queued.id}.paused`, claim: 'first' };
  const step = { runId: queued.id, connectionId, patientIds: [], searches: [], state: 'pending', attempts: 0 } as const;
  await store.syncSteps.insertMissing([slow, paused].map(({ id }) => ({ id, ...step })));
  for (const claim of [slow, paused]) await store.syncSteps.claim(claim);
  const retrying = { state: 'waiting', code: 'ehr-throttled', message: 'The EHR asked for fewer requests.' } as const;
  const nextAttemptAt = secondsAgo(-3600);
  await store.syncSteps.noteRetry(paused, {
    searches: [],
    retrying: { ...retrying, resourceType: 'Goal', attempts: 1, since: secondsAgo(60), nextAttemptAt },
  });
  const readRun = async () => (await api.request('GET', `/api/ehr/athenahealth/sync-runs/${queued.id}`)).body.data;
  const readPageAt = (pageReadAt: Date) => store.syncSteps.saveSearches(slow, { searches: [], pageReadAt });
  await readPageAt(secondsAgo(-60));
  const searching = 'Searching: 0 of 0 searches are done.';
  expect((await readRun()).activity).toMatchObject({ message: searching });
  await readPageAt(secondsAgo(59));
  expect((await readRun()).activity).toMatchObject({
    message: `${searching} ${retrying.message}`,
    until: nextAttemptAt.toISOString(),
  });
});
