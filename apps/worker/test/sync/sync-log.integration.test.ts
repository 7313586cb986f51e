import { makeSyncRun } from '@bulkhead/sync/testing';
import { afterAll, expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const runs = '/api/ehr/athenahealth/sync-runs';
const readRun = async (id: string) => (await system.request('GET', `${runs}/${id}`)).body.data;
const readLog = async (id: string, headers = {}) =>
  (await system.request('GET', `${runs}/${id}/log`, undefined, headers)).body.data;
const createKey = async (role: 'client' | 'operator', name: string) => {
  const { body } = await system.request('POST', '/api/ehr/api-keys', { name, role });
  return { authorization: `Bearer ${body.data.key}` };
};
const start = async (body: object = {}): Promise<string> => {
  const prefer = { prefer: 'respond-async' };
  const answer = await system.request('POST', '/api/ehr/athenahealth/enhanced-sync', { connectionId, ...body }, prefer);
  return answer.body.data.id;
};
const when = (id: string, isReached: (run: { status: string; activity: { message: string } }) => boolean) =>
  system.until(`${runs}/${id}`, isReached);
const hasEnded = ({ status }: { status: string }) => status !== 'IN_PROGRESS';

const system = await startSystem({ simulator: { patients: 3 } });
const { store, connectionId } = system;
// A run of twelve minutes, stored before the worker starts, because its sweep would run it.
const usual = makeSyncRun({ connectionId, createdAt: new Date('2024-05-01T10:00:00Z') });
await store.syncRuns.insert(usual);
const planned = await store.syncRuns.transition({ from: usual, to: 'running' });
await store.syncRuns.transition({
  from: planned ?? usual,
  to: 'completed',
  change: { completedAt: new Date('2024-05-01T10:12:00Z') },
});
await system.startWorker();
await system.settled(await system.startExport({ resourceTypes: ['Patient'] }));
afterAll(() => system.stop());

test('the log says why a sync waited and which searches failed, once for all searches of a type', async () => {
  const ehrError = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'not-supported', diagnostics: 'no care plans here' }],
  };
  await system.inject('r4/CarePlan$', { kind: 'status', status: 400, body: ehrError }, { times: 'always' });
  await system.inject('r4/Encounter$', { kind: 'status', status: 429, retryAfter: '1' });
  const id = await start({ includeStandard: false, resourceTypes: ['Encounter', 'CarePlan'] });
  const { status } = await when(id, hasEnded);
  expect(status).toBe('PARTIAL');
  const log = await readLog(id);
  expect(log.map(({ kind, phase }: Record<string, string>) => phase ?? kind).sort()).toEqual(
    ['partial', 'queued', 'running', 'search-failed', 'search-waiting'].sort(),
  );
  expect(log[0]).toMatchObject({ phase: 'queued', by: 'operator' });
  expect(log.at(-1)).toMatchObject({ phase: 'partial', code: expect.any(String), message: expect.any(String) });
  expect(log.find(({ kind }: { kind: string }) => kind === 'search-waiting')).toMatchObject({
    resourceType: 'Encounter',
    code: 'ehr-throttled',
    nextAttemptAt: expect.any(String),
  });
  expect(log.find(({ kind }: { kind: string }) => kind === 'search-failed')).toMatchObject({
    resourceType: 'CarePlan',
    count: 3,
    lastAt: expect.any(String),
    ehrText: expect.stringContaining('no care plans here'),
  });
  const seenByClient = await readLog(id, await createKey('client', 'reader'));
  expect(seenByClient).toHaveLength(log.length);
  expect(JSON.stringify(seenByClient)).not.toContain('no care plans here');
}, 60_000);

test('the log names who has cancelled and who has retried a sync', async () => {
  // Its searches do not end before it is cancelled, and do not use up the fault of the next run.
  await system.inject('r4/DocumentReference$', { kind: 'latency', ms: 60_000 }, { times: 'always' });
  const nightShift = await createKey('operator', 'night shift');
  const cancelled = await start({ includeStandard: false, resourceTypes: ['DocumentReference'] });
  await system.request('DELETE', `${runs}/${cancelled}`, undefined, nightShift);
  expect((await readLog(cancelled)).at(-1)).toMatchObject({ phase: 'cancelled', by: 'night shift' });
  await system.inject('r4/Encounter$', { kind: 'status', status: 400 });
  const failed = await start({ includeStandard: false, resourceTypes: ['Encounter'] });
  await when(failed, hasEnded);
  await system.request('POST', `${runs}/${failed}/retry`, undefined, nightShift);
  await when(failed, hasEnded);
  const log = await readLog(failed);
  expect(log.find(({ by }: { by?: string }) => by === 'night shift')).toMatchObject({ phase: 'running' });
}, 60_000);

test('a running sync says how far it is, how fast it is, and how long its connection usually takes', async () => {
  expect(await store.syncRuns.usualMs(connectionId)).toBe(720_000);
  await system.inject('r4/DiagnosticReport$', { kind: 'status', status: 429, retryAfter: '30' });
  const waiting = await start({ includeStandard: false, resourceTypes: ['Encounter', 'DiagnosticReport'] });
  const { activity, progress } = await when(waiting, (run) => run.activity.message.includes('fewer requests'));
  expect(activity).toMatchObject({
    message: expect.stringMatching(/^Searching: \d+ of 6 searches are done\. /),
    until: expect.any(String),
    usualSeconds: 720,
  });
  expect(progress).toMatchObject({ searches: 6, done: expect.any(Number) });
  await system.request('DELETE', `${runs}/${waiting}`);
  expect(await readRun(waiting)).not.toHaveProperty('activity');
}, 60_000);
