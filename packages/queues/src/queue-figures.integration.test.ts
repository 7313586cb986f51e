import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { QueueName } from './queue-names.ts';
import { startQueues, type TestQueues } from './testing/start-queues.ts';
import { testJobs } from './testing/test-jobs.ts';

let queues: TestQueues;
beforeEach(() => {
  queues = startQueues();
});
afterEach(() => queues.stop());

const job = testJobs.test;

async function figuresOf(queue: QueueName) {
  const figures = (await queues.producer.readFigures()).find((candidate) => candidate.queue === queue);
  if (!figures) throw new Error(`no ${queue}`);
  return figures;
}

test('the figures list each queue, with zeros for an empty one', async () => {
  const figures = await queues.producer.readFigures();
  expect(figures.map(({ queue }) => queue)).toEqual(queues.producer.queues.map((queue) => queue.name));
  const jobs = { waiting: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 };
  expect(figures[0]).toEqual({ queue: 'bulk-export', jobs, oldestMs: 0, workers: 0, isPaused: false });
});

test('the figures show a paused queue with its waiting jobs', async () => {
  await queues.queue('connection').pause();
  await queues.producer.enqueue(job, { connectionId: 'a' });
  expect(await figuresOf('connection')).toMatchObject({ isPaused: true, jobs: { waiting: 1 } });
  await queues.queue('connection').resume();
  expect(await figuresOf('connection')).toMatchObject({ isPaused: false, jobs: { waiting: 1 } });
});

test('the figures count waiting jobs and the age of the oldest one', async () => {
  const queue = queues.queue('connection');
  await queue.add(job.name, { connectionId: 'a' }, { timestamp: Date.now() - 60_000 });
  await queues.producer.enqueue(job, { connectionId: 'b' });
  // A job that waits for its time is not late.
  await queue.add(job.name, { connectionId: 'c' }, { timestamp: Date.now() - 90_000, delay: 600_000 });
  const { jobs, oldestMs } = await figuresOf('connection');
  expect(jobs).toMatchObject({ waiting: 2, delayed: 1 });
  expect(oldestMs).toBeGreaterThanOrEqual(60_000);
  expect(oldestMs).toBeLessThan(90_000);
});

test('the age of a job does not include the delay that it was added with', async () => {
  const queue = queues.queue('connection');
  // Like the job of a nightly schedule that was added during the previous run and became due 20 s ago.
  await queue.add(
    job.name,
    { connectionId: 'a' },
    { timestamp: Date.now() - 86_420_000, delay: 86_400_000, jobId: 'a' },
  );
  await (await queue.getJob('a'))?.promote();
  const { jobs, oldestMs } = await figuresOf('connection');
  expect(jobs.waiting).toBe(1);
  expect(oldestMs).toBeGreaterThanOrEqual(20_000);
  expect(oldestMs).toBeLessThan(60_000);
});

test('the producer counts the jobs of all queues that have failed for good since a time, by name', async () => {
  expect(await queues.producer.countFailed(new Date(0))).toEqual(new Map());
  queues.startConsumer({ [job.name]: async () => undefined });
  for (const index of [1, 2, 3]) await queues.queue('connection').add('made.up', { index });
  await queues.queue('maintenance').add('made.too', {});
  await queues.producer.enqueue(job, { connectionId: 'a' });
  const counts = await waitFor(async () => {
    const failed = await queues.producer.countFailed(new Date(Date.now() - 60_000));
    return failed.get('made.up') === 3 && failed.size === 2 ? failed : undefined;
  });
  expect([...counts].toSorted()).toEqual([
    ['made.too', 1],
    ['made.up', 3],
  ]);
  expect(await queues.producer.countFailed(new Date(Date.now() + 60_000))).toEqual(new Map());
});

test('the figures count connected workers and failed jobs', async () => {
  const workers = async () => (await figuresOf('connection')).workers;
  const consumers = [queues.startConsumer({}), queues.startConsumer({})];
  await waitFor(async () => (await workers()) === 2);
  await queues.queue('connection').add('made.up', {});
  await waitFor(async () => (await figuresOf('connection')).jobs.failed === 1);
  for (const consumer of consumers) await consumer.stop();
  await waitFor(async () => (await workers()) === 0);
});
