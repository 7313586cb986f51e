import { anyPhase } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { startRunningSyncs } from '../testing/start-running-syncs.ts';

const hasEnded = ({ status }: { readonly status: string }) => status !== 'IN_PROGRESS';

const system = await startRunningSyncs({ simulator: { patients: 3 } });
const { store, connectionId } = system;
// A run of twelve minutes.
const usual = makeSyncRun({ connectionId, createdAt: new Date('2024-05-01T10:00:00Z') });
await store.syncRuns.insert(usual);
const planned = await store.syncRuns.transition({ from: anyPhase(usual), to: 'running' });
await store.syncRuns.transition({
  from: anyPhase(planned ?? usual),
  to: 'completed',
  change: { completedAt: new Date('2024-05-01T10:12:00Z') },
});
await system.storePatients();
afterAll(() => system.stop());

test('the log says why a sync waited and which searches failed, once for all searches of a type', async () => {
  const ehrError = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'not-supported', diagnostics: 'no care plans here' }],
  };
  await system.inject('r4/CarePlan$', { kind: 'status', status: 400, body: ehrError }, { times: 'always' });
  await system.inject('r4/Encounter$', { kind: 'status', status: 429, retryAfter: '1' });
  const id = await system.start({ includeStandard: false, resourceTypes: ['Encounter', 'CarePlan'] }, 'operator');
  const { status } = await system.when(id, hasEnded);
  expect(status).toBe('PARTIAL');
  const log = await system.log(id);
  expect(log.map(({ kind, phase }) => phase ?? kind).sort()).toEqual(
    ['partial', 'queued', 'running', 'search-failed', 'search-waiting'].sort(),
  );
  expect(log[0]).toMatchObject({ phase: 'queued', by: 'operator' });
  expect(log.at(-1)).toMatchObject({ phase: 'partial', code: expect.any(String), message: expect.any(String) });
  expect(log.find(({ kind }) => kind === 'search-waiting')).toMatchObject({
    resourceType: 'Encounter',
    code: 'ehr-throttled',
    nextAttemptAt: expect.any(String),
  });
  expect(log.find(({ kind }) => kind === 'search-failed')).toMatchObject({
    resourceType: 'CarePlan',
    count: 3,
    lastAt: expect.any(String),
    ehrText: expect.stringContaining('no care plans here'),
  });
  const seenByClient = await system.log(id, { isOperator: false });
  expect(seenByClient).toHaveLength(log.length);
  expect(JSON.stringify(seenByClient)).not.toContain('no care plans here');
});

test('the log names who has cancelled and who has retried a sync', async () => {
  // Its searches do not end before it is cancelled, and do not use up the fault of the next run.
  await system.inject('r4/DocumentReference$', { kind: 'latency', ms: 60_000 }, { times: 'always' });
  const cancelled = await system.start({ includeStandard: false, resourceTypes: ['DocumentReference'] });
  await system.cancel(cancelled, 'night shift');
  expect((await system.log(cancelled)).at(-1)).toMatchObject({ phase: 'cancelled', by: 'night shift' });
  await system.inject('r4/Encounter$', { kind: 'status', status: 400 });
  const failed = await system.start({ includeStandard: false, resourceTypes: ['Encounter'] });
  await system.when(failed, hasEnded);
  await system.retry(failed, 'night shift');
  await system.when(failed, hasEnded);
  const log = await system.log(failed);
  expect(log.find(({ by }) => by === 'night shift')).toMatchObject({ phase: 'running' });
});

test('a running sync says how far it is, how fast it is, and how long its connection usually takes', async () => {
  expect(await store.syncRuns.usualMs(connectionId)).toBe(720_000);
  await system.inject('r4/DiagnosticReport$', { kind: 'status', status: 429, retryAfter: '30' });
  const waiting = await system.start({ includeStandard: false, resourceTypes: ['Encounter', 'DiagnosticReport'] });
  const { activity, progress } = await system.when(waiting, (run) => run.activity?.message.includes('fewer requests'));
  expect(activity).toMatchObject({
    message: expect.stringMatching(/^Searching: \d+ of 6 searches are done\. /),
    until: expect.any(String),
    usualSeconds: 720,
  });
  expect(progress).toMatchObject({ searches: 6, done: expect.any(Number) });
  await system.cancel(waiting);
  expect(await system.read(waiting)).not.toHaveProperty('activity');
});
