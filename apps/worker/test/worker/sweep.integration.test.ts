import type { Logger } from '@bulkhead/base';
import { retainJob } from '@bulkhead/erasure/jobs';
import { makeOutputFile } from '@bulkhead/imports/export/testing';
import { runScheduleJob } from '@bulkhead/imports/schedules/jobs';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { sweepWork } from '@bulkhead/monitoring/steps';
import { runJob } from '@bulkhead/queues/testing';
import { withMethods } from '@bulkhead/store/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withFeatureWork } from '../../src/works.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

let cases: UseCases;
beforeEach(async () => {
  cases = await startUseCases();
});
afterEach(() => cases.stop());

async function listJobs() {
  const queues = cases.deps.producer.queues;
  return (await Promise.all(queues.map((queue) => queue.getJobs(['waiting', 'prioritized', 'delayed'])))).flat();
}

/** The names of the export's jobs in all queues. */
async function jobsOf(exportId: string): Promise<string[]> {
  return (await listJobs()).filter(({ data }) => data.exportId === exportId).map(({ name }) => name);
}

test('a sweep recreates the job that finishes an export whose files are all settled', async () => {
  const { store } = cases.deps;
  const record = await cases.insertExport({ phase: 'downloading', transactionTime: '2024-01-15T10:00:00Z' });
  await store.outputFiles.insertMissing([makeOutputFile({ exportId: record.id, state: 'completed' })]);
  await runJob(cases.deps, sweepWork, {});
  expect(await jobsOf(record.id)).toEqual(['export.finalize']);
});

test('a sweep recreates the jobs of the files that are not settled', async () => {
  const { store } = cases.deps;
  const record = await cases.insertExport({ phase: 'downloading', transactionTime: '2024-01-15T10:00:00Z' });
  const states = ['completed', 'pending', 'downloading', 'failed'] as const;
  await store.outputFiles.insertMissing(states.map((state) => makeOutputFile({ exportId: record.id, state })));
  await runJob(cases.deps, sweepWork, {});
  expect(await jobsOf(record.id)).toEqual(['file.download', 'file.download']);
});

test('a sweep recreates the job of a DELETE that the server has not accepted yet', async () => {
  const { store } = cases.deps;
  const exportId = await cases.exporting();
  const record = await cases.read(exportId);
  await store.bulkExports.transition({ from: anyPhase(record), to: 'cancelled', change: { discard: 'due' } });
  expect(await jobsOf(exportId)).not.toContain('export.discard');
  await runJob(cases.deps, sweepWork, {});
  expect(await jobsOf(exportId)).toContain('export.discard');
});

test('a sweep recreates the jobs of all pending deliveries, also if hundreds wait for a receiver that is down', async () => {
  const { webhookDeliveries } = cases.deps.store;
  const { id: connectionId } = cases.connection;
  const delivery = { connectionId, url: 'http://receiver.example', type: 'bulk-export.completed', body: '{}' };
  const createdAt = cases.clock.now;
  const ids = Array.from({ length: 501 }, (_, index) => `delivery.${index}`);
  await Promise.all(
    ids.map((id) => webhookDeliveries.insertMissing({ ...delivery, id, state: 'pending', attempts: [], createdAt })),
  );
  await runJob(cases.deps, sweepWork, {});
  const jobs = await listJobs();
  expect(jobs.flatMap(({ data }) => data.deliveryId ?? []).toSorted()).toEqual(ids.toSorted());
});

test('a sweep recreates all other jobs if those of one schedule cannot be created', async () => {
  const { store, producer } = cases.deps;
  const { id: connectionId } = cases.connection;
  // The worker's machine does not know this time zone.
  const unknown = makeSchedule({ id: 'sched_1', connectionId, timeZone: 'Europe/Nowhere' });
  const known = makeSchedule({ id: 'sched_2', connectionId });
  for (const schedule of [unknown, known]) await store.schedules.insert(schedule);
  await runJob(cases.deps, sweepWork, {});
  const scheduled = (await producer.listScheduled(runScheduleJob)).map(({ payload }) => payload.scheduleId);
  expect(scheduled).toEqual([known.id]);
  expect(await producer.isScheduled(retainJob, {})).toBe(true);
});

test('a sweep recreates all other jobs if some of its parts fail, logs each of them, and then fails itself', async () => {
  const { store, producer, logger } = cases.deps;
  const errors = [new Error('a sync cannot be read'), new Error('a document cannot be read')];
  const exportId = await cases.exporting();
  await store.bulkExports.transition({
    from: anyPhase(await cases.read(exportId)),
    to: 'cancelled',
    change: { discard: 'due' },
  });
  const syncRuns = withMethods(store.syncRuns, { listActive: () => Promise.reject(errors[0]) });
  const logged: unknown[] = [];
  const error: Logger['error'] = (_message, fields) => logged.push(fields?.error);
  const documents = withMethods(store.documents, { retrySkipped: () => Promise.reject(errors[1]) });
  const deps = withFeatureWork({
    ...cases.deps,
    store: { ...store, syncRuns, documents },
    logger: { ...logger, error },
  });
  await expect(runJob(deps, sweepWork, {})).rejects.toBe(errors[0]);
  expect(logged).toEqual(errors);
  expect(await jobsOf(exportId)).toContain('export.discard');
  expect(await producer.isScheduled(retainJob, {})).toBe(true);
});
