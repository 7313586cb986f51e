import { AppError } from '@bulkhead/base';
import type { BulkExport } from '@bulkhead/imports/export';
import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { planSync } from '@bulkhead/imports/sync/steps';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { afterAll, expect, test } from '@jest/globals';
import { works } from '../../src/works.ts';
import { startUseCases } from '../harness/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());

const error = new AppError({ code: 'poison-job', message: 'Poison job: it killed three workers.', retry: 'never' });
const reason = { code: 'poison-job', message: error.message };
async function giveUp(name: string, payload: object): Promise<void> {
  const job = works.find((known) => known.name === name);
  await job?.onFinalFailure?.(cases.deps, { ...payload, error } as never);
}

const insertExport = async (phase: BulkExport['phase']) => (await cases.insertExport({ phase })).id;

test.each([
  { job: 'export.kick-off', phase: 'queued' },
  { job: 'export.poll', phase: 'exporting' },
  { job: 'export.finalize', phase: 'downloading' },
] as const)('an export fails with the reason if $job is given up in the phase $phase', async ({ job, phase }) => {
  const exportId = await insertExport(phase);
  await giveUp(job, { exportId });
  expect(await cases.read(exportId)).toMatchObject({ phase: 'failed', error: reason });
});

test.each([
  { job: 'export.kick-off', phase: 'exporting' },
  { job: 'export.poll', phase: 'downloading' },
  { job: 'export.finalize', phase: 'completed' },
] as const)(
  'an export stays as it is if $job is given up and the export has reached the phase $phase',
  async ({ job, phase }) => {
    const exportId = await insertExport(phase);
    await giveUp(job, { exportId });
    expect(await cases.read(exportId)).toMatchObject({ phase });
  },
);

test('a file whose download is given up fails with the reason, and a completed file stays completed', async () => {
  const { outputFiles } = cases.deps.store;
  const exportId = await insertExport('downloading');
  const pending = makeOutputFile({ exportId });
  const completed = makeOutputFile({ exportId, state: 'completed' });
  await outputFiles.insertMissing([pending, completed]);
  for (const { id: fileId } of [pending, completed]) await giveUp('file.download', { exportId, fileId });
  expect(await outputFiles.find(pending.id)).toMatchObject({ state: 'failed', error: reason });
  expect(await outputFiles.find(completed.id)).toMatchObject({ state: 'completed' });
});

test('every search of a sync step that is given up fails with the reason, so that the run can end', async () => {
  const { syncRuns, syncSteps } = cases.deps.store;
  const patients = ['a-195900.E-14865', 'a-195900.E-14866'];
  const request = { includeStandard: false, includeEnhanced: true, resourceTypes: ['CarePlan', 'Goal'], patients };
  const run = makeSyncRun({ connectionId: cases.connection.id, request });
  await syncRuns.insert(run);
  await planSync(cases.deps, { syncRunId: run.id, signal: AbortSignal.timeout(20_000) });
  const [stepId = '', ...moreStepIds] = await syncSteps.listUnsettledIds(run.id);
  await giveUp('sync.step', { syncRunId: run.id, stepId });
  expect(await syncSteps.listUnsettledIds(run.id)).toEqual(moreStepIds);
  expect((await syncSteps.listErrors(run.id)).map(({ code }) => code)).toContain('poison-job');
});

test.each(['sync.plan', 'sync.finalize'] as const)('a run fails with the reason if %s is given up', async (job) => {
  const run = makeSyncRun({ connectionId: `connection-of-${job}` });
  await cases.deps.store.syncRuns.insert(run);
  await giveUp(job, { syncRunId: run.id });
  expect(await cases.deps.store.syncRuns.find(run.id)).toMatchObject({ phase: 'failed', error: reason });
});

test('a webhook delivery that is given up fails, and a delivered one stays delivered', async () => {
  const { webhookDeliveries } = cases.deps.store;
  const delivery = {
    connectionId: cases.connection.id,
    url: 'https://client.example/hook',
    type: 'export.completed',
    body: '{}',
    attempts: [],
    createdAt: new Date(),
  };
  await webhookDeliveries.insertMissing({ id: 'pending', state: 'pending', ...delivery });
  await webhookDeliveries.insertMissing({ id: 'delivered', state: 'delivered', ...delivery });
  for (const deliveryId of ['pending', 'delivered']) await giveUp('webhook.deliver', { deliveryId });
  expect(await webhookDeliveries.find('pending')).toMatchObject({
    state: 'failed',
    attempts: [{ error: error.message }],
  });
  expect(await webhookDeliveries.find('delivered')).toMatchObject({ state: 'delivered', attempts: [] });
});
