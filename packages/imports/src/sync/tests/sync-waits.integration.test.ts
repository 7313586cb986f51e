import { attemptJob, firstAttempt, lastAttempt } from '@bulkhead/queues/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { planSyncWork } from '../plan/plan-sync.job.ts';
import { runSyncStep } from '../steps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { onePatient, patients, plan, progress, retry, runToEnd, signal } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
beforeEach(async () => {
  cases = await startUseCases();
});
afterEach(() => cases.stop());

test('a search that the EHR delays is not given up, even at its last attempt', async () => {
  const { deps } = cases;
  const run = await plan(cases, { includeStandard: false, resourceTypes: ['CarePlan'] });
  const [stepId = ''] = await deps.store.syncSteps.listUnsettledIds(run.id);
  await cases.inject('r4/CarePlan$', { kind: 'status', status: 429, retryAfter: '1' });
  const step = { stepId, retryAt: lastAttempt, progress, signal };
  await expect(runSyncStep(deps, step)).rejects.toMatchObject({ code: 'ehr-throttled' });
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).toContain(stepId);
  await runSyncStep(deps, step);
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).not.toContain(stepId);
});

const hourMs = 3_600_000;
const path = 'r4/CarePlan$';
const body = { includeStandard: false, resourceTypes: ['CarePlan'], patients: patients.slice(0, 2) };
const outage = { kind: 'status', status: 503, retryAfter: '7200' };
const advance = (ms: number) => {
  cases.clock.now = new Date(cases.clock.now.getTime() + ms);
};
const stepIds = (run: SyncRun) => cases.deps.store.syncSteps.listUnsettledIds(run.id);
const attempt = (stepId = '', isLast = false) =>
  runSyncStep(cases.deps, { stepId, retryAt: isLast ? lastAttempt : firstAttempt, progress, signal });
const retrying = (run: SyncRun, limit = 10) => cases.deps.store.syncSteps.listRetrying({ runId: run.id, limit });
const requests = async (run: SyncRun) => (await cases.deps.store.syncSteps.sumByType(run.id))[0]?.requests;

test('a search waits as often as the EHR asks for it, and fails after a day without a page so that the run can end', async () => {
  await cases.inject(path, outage, { times: 'always' });
  const run = await plan(cases, body);
  const [first, second] = await stepIds(run);
  const since = cases.clock.now;
  for (let count = 0; count < 200; count++) {
    await expect(attempt(first, true)).rejects.toMatchObject({ code: 'ehr-unavailable' });
    advance(hourMs / 12);
  }
  await expect(attempt(second, true)).rejects.toMatchObject({ code: 'ehr-unavailable' });
  expect(await stepIds(run)).toHaveLength(2);
  const expectedStep = {
    state: 'waiting',
    resourceType: 'CarePlan',
    code: 'ehr-unavailable',
    message: expect.any(String),
  };
  const nextAttemptAt = expect.any(Date);
  expect(await retrying(run)).toMatchObject([
    { ...expectedStep, attempts: 1, since: cases.clock.now, nextAttemptAt },
    { ...expectedStep, attempts: 200, since, nextAttemptAt },
  ]);
  expect(await retrying(run, 1)).toHaveLength(1);
  expect(await requests(run)).toBe(201);

  advance(24 * hourMs);
  // A failed search is not progress, so the other search does not wait for another day.
  for (const id of [first, second]) await attempt(id);
  const ended = await runToEnd(cases, run.id);
  expect(ended).toMatchObject({ phase: 'failed', run: { error: { code: 'search-waited-too-long' } } });
  expect(await retrying(run)).toEqual([]);

  await cases.control.cancelOrders();
  expect((await retry(cases, ended.run)).phase).toBe('completed');
});

test('a search continues to wait while other searches of its run get pages', async () => {
  await cases.inject(path, outage, { times: 2 });
  const run = await plan(cases, body);
  const [first, second] = await stepIds(run);
  await expect(attempt(first)).rejects.toThrow();
  advance(23 * hourMs);
  const { syncSteps } = cases.deps.store;
  const claim = { id: second ?? '', claim: 'a page of the other search' };
  const step = await syncSteps.claim(claim);
  const search = step?.searches[0];
  if (!search) throw new Error('the step has no search');
  await syncSteps.saveSearches(claim, { searches: [{ index: 0, search }], pageReadAt: cases.clock.now });
  advance(2 * hourMs);
  await expect(attempt(first)).rejects.toThrow();
  expect(await stepIds(run)).toContain(first);
  expect(await runToEnd(cases, run.id)).toMatchObject({ phase: 'completed' });
});

test('a search shows that it is retried and counts the failed requests, until it gets a page', async () => {
  await cases.inject(path, { kind: 'status', status: 500 }, { times: 2 });
  const run = await plan(cases, { ...body, patients: patients.slice(0, 1) });
  const [stepId] = await stepIds(run);
  const since = cases.clock.now;
  for (let times = 0; times < 2; times++) {
    await expect(attempt(stepId)).rejects.toThrow();
    advance(1000);
  }
  const [shown, ...moreSteps] = await retrying(run);
  expect(moreSteps).toEqual([]);
  expect(shown).toMatchObject({ state: 'retrying', code: 'ehr-unavailable', attempts: 2, since });
  expect(shown?.nextAttemptAt).toEqual(expect.any(Date));
  await attempt(stepId);
  expect(await retrying(run)).toEqual([]);
  expect(await requests(run)).toBe(3);
});

test('a search fails alone after 50 attempts without an error, as if a page crashes the worker', async () => {
  const run = await plan(cases, onePatient);
  const stepId = (await stepIds(run)).at(-1) ?? '';
  for (let crash = 0; crash < 50; crash++) await cases.deps.store.syncSteps.claim({ id: stepId, claim: `${crash}` });
  const { byType, run: ended } = await runToEnd(cases, run.id);
  expect(ended).toMatchObject({ phase: 'partial', error: { code: 'search-attempts' } });
  const counts = [...byType.values()].filter(({ resourceType }) => resourceType !== 'Patient');
  expect(counts.reduce((all, { failed }) => all + failed, 0)).toBe(1);
  expect(counts.reduce((all, { completed }) => all + completed, 0)).toBe(counts.length - 1);
});

test('a search fails if its connection was deleted meanwhile', async () => {
  const run = await plan(cases, body);
  await cases.deps.store.connections.delete(cases.connection.id);
  expect(await runToEnd(cases, run.id)).toMatchObject({ phase: 'failed', run: { error: { code: 'connection-gone' } } });
});

test('a late job of a step does not settle it while a retry of its run begins', async () => {
  await cases.inject(path, { kind: 'status', status: 400 });
  const { store } = cases.deps;
  const { run, phase } = await runToEnd(cases, (await plan(cases, body)).id);
  expect(phase).toBe('partial');
  expect(await store.syncSteps.retryFailed(run.id)).toBe(1);
  const [late] = await stepIds(run);
  await attempt(late);
  const retried = await retry(cases, run);
  expect(retried.phase).toBe('completed');
  expect(retried.byType.get('CarePlan')).toMatchObject({ searches: 2, completed: 2 });
});

test('a run fails if the EHR delays its plan for a day, so that the next run can start', async () => {
  const { deps, clock } = cases;
  await cases.inject('metadata', { kind: 'status', status: 503, retryAfter: '60' }, { times: 9 });
  const request = { includeStandard: true, includeEnhanced: false, resourceTypes: [], patients };
  const run = makeSyncRun({ request, createdAt: clock.now });
  await deps.store.syncRuns.insert(run);
  const payload = { syncRunId: run.id };
  const planned = () => attemptJob(deps, planSyncWork, { payload, retryAt: firstAttempt, signal });
  await expect(planned()).rejects.toMatchObject({ code: 'ehr-unavailable' });
  expect(await deps.store.syncRuns.find(run.id)).toMatchObject({ phase: 'queued' });
  clock.now = new Date(clock.now.getTime() + 24 * 3_600_000);
  await planned();
  const failed = (await deps.store.syncRuns.find(run.id)) ?? run;
  expect(failed).toMatchObject({ phase: 'failed', error: { code: 'search-waited-too-long' } });
  // A retry waits for a day, too.
  await deps.store.syncRuns.reopen({ from: failed, now: clock.now });
  await expect(planned()).rejects.toMatchObject({ code: 'ehr-unavailable' });
  expect(await deps.store.syncRuns.find(run.id)).toMatchObject({ phase: 'queued' });
});
