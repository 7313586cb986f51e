import { AppError } from '@bulkhead/base';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startQueues, type TestQueues } from './testing/start-queues.ts';
import { testJobs } from './testing/test-jobs.ts';

let queues: TestQueues;
beforeEach(() => {
  queues = startQueues();
});
afterEach(() => queues.stop());

const job = testJobs.capabilities;
const { name } = job;
const payload = { connectionId: 'conn_1' };

const failing = (retry: AppError['retry']) => () =>
  Promise.reject(new AppError({ code: 'internal', message: 'Something static.', retry }));

test.each([
  { what: 'succeeds', processor: async () => undefined, outcome: 'completed' },
  { what: 'will be retried', processor: failing('later'), outcome: 'retried' },
  { what: 'can never succeed', processor: failing('never'), outcome: 'failed' },
  { what: 'fails with an error that names a wait', processor: failing({ afterMs: 60_000 }), outcome: 'waits' },
])('the job observer gets the outcome "$outcome" of an attempt that $what', async ({ processor, outcome }) => {
  queues.startConsumer({ [name]: processor });
  await queues.producer.enqueue(job, payload);
  await waitFor(() => queues.jobEnds.length > 0);
  expect(queues.jobEnds[0]).toEqual({ queue: 'connection', job: name, outcome, durationMs: expect.any(Number) });
});

test('the job observer gets the outcome "handed-over" of an attempt that a shutdown aborts', async () => {
  let isRunning = false;
  const consumer = queues.startConsumer({
    [name]: ({ signal }) => {
      isRunning = true;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  await queues.producer.enqueue(job, payload);
  await waitFor(() => isRunning);
  await consumer.stop();
  expect(queues.jobEnds).toMatchObject([{ job: name, outcome: 'handed-over' }]);
});

test('the job observer gets the outcome "failed" of a job that another version has added, without the name of the job', async () => {
  queues.startConsumer({});
  await queues.queue('connection').add('made.up', payload);
  await waitFor(() => queues.jobEnds.length > 0);
  expect(queues.jobEnds).toEqual([{ queue: 'connection', job: 'unknown', outcome: 'failed', durationMs: 0 }]);
});
