import { once } from 'node:events';
import { type AppError, whileWaiting } from '@bulkhead/base';
import { waitFor } from '@bulkhead/testing';
import { expect, jest, test } from '@jest/globals';
import { PoisonJobs } from './poison-jobs.ts';
import { startQueues, type TestQueues } from './testing/start-queues.ts';
import { testJobs } from './testing/test-jobs.ts';

const { kickOff } = testJobs;
const payload = { exportId: 'job_1' };

/** Simulates workers that the job kills. The job stays active until its lock expires. */
async function dieTimes(queues: TestQueues, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await queues.takeAndDie('bulk-export');
    await queues.releaseStalled('bulk-export');
  }
}

test.concurrent('a poison job fails after three workers died with it, and its record is ended without running it', async () => {
  await using queues = startQueues();
  const ended: unknown[] = [];
  await queues.producer.enqueue(kickOff, payload);
  await dieTimes(queues, 3);
  const run = jest.fn(async () => undefined);
  const onFinalFailure = async (_deps: unknown, { error, ...context }: { readonly error: unknown }) => {
    const { code, message } = error as AppError;
    ended.push({ context, code, message });
  };
  queues.startConsumer({ [kickOff.name]: { run, onFinalFailure } });
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'failed');
  expect((await queues.job(kickOff, payload)).failedReason).toMatch(
    /^poison-job: Poison job: the worker died or froze 3 times while it ran test\.kick-off/,
  );
  expect(ended).toEqual([{ context: payload, code: 'poison-job', message: expect.stringMatching(/^Poison job: /) }]);
  expect(run).not.toHaveBeenCalled();
  expect(queues.logged('job failed')).toEqual([
    expect.objectContaining({ exportId: 'job_1', error: expect.objectContaining({ code: 'poison-job' }) }),
  ]);
});

test.concurrent('a poison job stays unfinished while its record cannot be ended', async () => {
  await using queues = startQueues();
  await queues.producer.enqueue(kickOff, payload);
  await dieTimes(queues, 3);
  const onFinalFailure = () => Promise.reject(new Error('the database is unavailable'));
  queues.startConsumer({ [kickOff.name]: { run: async () => undefined, onFinalFailure } });
  // The attempt is logged before BullMQ moves the job.
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'delayed');
  expect(queues.logged('job will be retried').length).toBeGreaterThan(0);
});

test.concurrent('a job whose workers died twice can still complete', async () => {
  await using queues = startQueues();
  await queues.producer.enqueue(kickOff, payload);
  await dieTimes(queues, 2);
  queues.startConsumer({});
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
});

test.concurrent('a job that saved work between the deaths of its workers is not a poison job', async () => {
  await using queues = startQueues();
  await queues.producer.enqueue(kickOff, payload);
  await dieTimes(queues, 2);
  const saved = queues.startConsumer({
    [kickOff.name]: async ({ progress, signal }) => {
      progress();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
    },
  });
  await waitFor(async () => (await queues.stalls(kickOff, payload)) === 0);
  await saved.stop();
  await dieTimes(queues, 2);
  queues.startConsumer({});
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
});

test.concurrent('a poison job is found among other jobs, because jobs whose worker died run one at a time', async () => {
  await using queues = startQueues();
  const ids = ['job_1', 'job_2', 'job_3'];
  for (const exportId of ids) await queues.producer.enqueue(kickOff, { exportId });
  for (const _ of ids) await queues.takeAndDie('bulk-export');
  await queues.releaseStalled('bulk-export');
  let running = 0;
  let mostAtOnce = 0;
  queues.startConsumer({
    [kickOff.name]: async () => {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      await waitFor(() => queues.logged('job waits').length >= 2);
      running -= 1;
    },
  });
  await waitFor(async () => (await queues.job(kickOff, { exportId: 'job_1' })).state === 'completed');
  // At least the two others waited for it. One of them waits twice if both are retried before the test reads the log.
  const codes = queues.logged('job waits').map(({ code }) => code);
  expect(codes.length).toBeGreaterThanOrEqual(2);
  expect(new Set(codes)).toEqual(new Set(['suspect-waits']));
  for (const exportId of ids)
    await waitFor(async () => (await queues.job(kickOff, { exportId })).state === 'completed', { timeoutMs: 20_000 });
  expect(mostAtOnce).toBe(1);
});

test.concurrent('a job whose worker died runs as soon as no other such job runs, long before its wait ends', async () => {
  await using queues = startQueues();
  const ids = ['job_1', 'job_2', 'job_3', 'job_4'];
  for (const exportId of ids) await queues.producer.enqueue(kickOff, { exportId });
  for (const _ of ids) await queues.takeAndDie('bulk-export');
  await queues.releaseStalled('bulk-export');
  const release = new AbortController();
  queues.startConsumer(
    {
      [kickOff.name]: async ({ progress }) => {
        if (!release.signal.aborted) await once(release.signal, 'abort');
        progress();
      },
    },
    { suspectWaitMs: 60 * 60_000 },
  );
  await waitFor(() => queues.logged('job waits').length === ids.length - 1);
  release.abort();
  for (const exportId of ids)
    await waitFor(async () => (await queues.job(kickOff, { exportId })).state === 'completed');
});

const waitsField = 'waitsForBudget';

test.concurrent('a job is marked while it waits for a request budget, and no longer when it has got its turn', async () => {
  await using queues = startQueues();
  const key = `${queues.prefix}:bulk-export:kick-off.job_1`;
  const mark = () => queues.redis.hget(key, waitsField);
  const turn = new AbortController();
  await queues.producer.enqueue(kickOff, payload);
  const run = async () => {
    await whileWaiting(async () => {
      if (!turn.signal.aborted) await once(turn.signal, 'abort');
    });
    await waitFor(async () => (await mark()) === null);
  };
  queues.startConsumer({ [kickOff.name]: run }, { markAfterMs: 1 });
  await waitFor(async () => (await mark()) === '1');
  turn.abort();
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
});

test.concurrent('a death while a job only waited for a request budget does not count towards a poison job', async () => {
  await using queues = startQueues();
  const { redis, prefix } = queues;
  const key = `${prefix}:bulk-export:waited`;
  const jobAfter = (stalledCounter: number) => ({ queueName: 'bulk-export', id: 'waited', stalledCounter }) as never;
  const poisonJobs = new PoisonJobs({ redis, prefix });
  await redis.hset(key, { stc: 3, [waitsField]: 1 });
  expect(await poisonJobs.assess(jobAfter(3))).toBe('suspect');
  expect(await redis.hgetall(key)).toEqual({ stc: '2' });
  await redis.hset(key, { stc: 1, [waitsField]: 1 });
  expect(await poisonJobs.assess(jobAfter(1))).toBe('none');
  // The next death was not in a wait.
  await redis.hset(key, { stc: 3 });
  expect(await poisonJobs.assess(jobAfter(3))).toBe('poison');
});

test.concurrent('a job that was removed while it waited does not come back', async () => {
  await using queues = startQueues();
  const { redis, prefix } = queues;
  const poisonJobs = new PoisonJobs({ redis, prefix, markAfterMs: 0 });
  const waits = poisonJobs.observeWaits({ queueName: 'bulk-export', id: 'removed' } as never);
  const marking = jest.spyOn(redis, 'eval');
  waits.begins();
  await waitFor(() => marking.mock.calls.length === 1);
  await marking.mock.results[0]?.value;
  waits.ends();
  expect(await redis.exists(`${prefix}:bulk-export:removed`)).toBe(0);
});
