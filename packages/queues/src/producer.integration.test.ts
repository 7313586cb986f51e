import { once } from 'node:events';
import { AppError } from '@bulkhead/base';
import { startTcpProxy, testServices, waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Producer } from './producer.ts';
import { connectRedis, disconnectRedis } from './redis.ts';
import { startQueues, type TestQueues } from './testing/start-queues.ts';
import { testJobs } from './testing/test-jobs.ts';

let queues: TestQueues;
beforeEach(() => {
  queues = startQueues();
});
afterEach(() => queues.stop());

const { kickOff } = testJobs;
const { poll } = testJobs;
const payload = { exportId: 'job_1' };
const fail = () => Promise.reject(new AppError({ code: 'internal', message: 'Static.', retry: 'never' }));

test('ensure adds a missing job and does not change a waiting one', async () => {
  const { producer } = queues;
  expect(await producer.ensure(kickOff, payload)).toBe(true);
  expect((await queues.job(kickOff, payload)).state).toBe('waiting');
  expect(await producer.ensure(kickOff, payload)).toBe(false);
  expect(await queues.queue('bulk-export').getWaitingCount()).toBe(1);
});

test('ensure does not change a job that runs or waits for its next attempt', async () => {
  let runs = 0;
  let end: () => void = () => undefined;
  queues.startConsumer({
    [kickOff.name]: async () => {
      runs += 1;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      throw new AppError({ code: 'internal', message: 'Static.', retry: { afterMs: 60_000 } });
    },
  });
  await queues.producer.enqueue(kickOff, payload);
  await waitFor(() => runs === 1);
  expect(await queues.producer.ensure(kickOff, payload)).toBe(false);
  end();
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'delayed');
  expect(await queues.producer.ensure(kickOff, payload)).toBe(false);
  expect(runs).toBe(1);
});

test.each([
  { what: 'completed', processor: async () => undefined },
  { what: 'failed', processor: fail },
])('ensure runs a job that has $what again, unlike `enqueue`', async ({ what, processor }) => {
  const run = jest.fn(processor);
  queues.startConsumer({ [kickOff.name]: run });
  const settled = (count: number) =>
    waitFor(async () => run.mock.calls.length === count && (await queues.job(kickOff, payload)).state === what);
  await queues.producer.enqueue(kickOff, payload);
  await settled(1);
  await queues.producer.enqueue(kickOff, payload);
  expect((await queues.job(kickOff, payload)).state).toBe(what);
  expect(await queues.producer.ensure(kickOff, payload)).toBe(true);
  await settled(2);
});

test('enqueueNow runs a job that waits for its next attempt at once, unlike `enqueueAgain`', async () => {
  const run = jest.fn(() =>
    Promise.reject(new AppError({ code: 'internal', message: 'Static.', retry: { afterMs: 60_000 } })),
  );
  queues.startConsumer({ [kickOff.name]: run });
  const delayed = (count: number) =>
    waitFor(async () => run.mock.calls.length === count && (await queues.job(kickOff, payload)).state === 'delayed');
  await queues.producer.enqueue(kickOff, payload);
  await delayed(1);
  await queues.producer.enqueueAgain(kickOff, payload);
  expect((await queues.job(kickOff, payload)).state).toBe('delayed');
  await queues.producer.enqueueNow(kickOff, payload);
  await delayed(2);
});

/** Runs `work` with a wall clock that is ahead. */
async function ahead(work: () => Promise<void>, aheadMs = 600_000): Promise<void> {
  const { now } = Date;
  Date.now = () => now() + aheadMs;
  try {
    await work();
  } finally {
    Date.now = now;
  }
}

describe('a clock that was ahead and is set right #clock', () => {
  test('ensure runs a waiting job whose time lies ahead because a clock was ahead', async () => {
    const { producer } = queues;
    let runs = 0;
    queues.startConsumer({
      [kickOff.name]: async () => {
        runs += 1;
        if (runs === 1) throw new AppError({ code: 'internal', message: 'Static.', retry: { afterMs: 5000 } });
      },
    });
    await ahead(async () => {
      await producer.enqueue(kickOff, payload);
      await waitFor(async () => (await queues.job(kickOff, payload)).state === 'delayed');
    });
    expect(await producer.ensure(kickOff, payload)).toBe(true);
    await waitFor(() => runs === 2);
  });

  test('a schedule that a clock ahead has moved away counts as missing and is created again', async () => {
    const { producer } = queues;
    const run = jest.fn(async () => undefined);
    await ahead(() => producer.schedule({ job: poll, payload, everyMs: 100, startAt: new Date(Date.now() + 100) }));
    expect(await producer.isScheduled(poll, payload)).toBe(false);
    expect(await producer.listScheduled(poll)).toMatchObject([{ payload: { exportId: 'job_1' }, isTooLate: true }]);
    queues.startConsumer({ [poll.name]: run });
    await producer.schedule({ job: poll, payload, everyMs: 100 });
    await waitFor(() => run.mock.calls.length >= 2);
    expect(await producer.isScheduled(poll, payload)).toBe(true);
    await producer.unschedule(poll, payload);
  });
});

describe('a clock that was a year ahead and is set right #clock', () => {
  test('the job of a cron stays far ahead until the job is scheduled again', async () => {
    const { producer } = queues;
    const job = { payload: { scheduleId: 'sched_1' }, cron: '0 2 * * *', timeZone: 'UTC' };
    const schedule = () => producer.scheduleCron({ ...job, job: testJobs.schedule });
    await ahead(schedule, 365 * 24 * 3_600_000);
    expect(await producer.listScheduled(testJobs.schedule)).toEqual([{ ...job, isTooLate: true }]);
    await schedule();
    expect(await producer.listScheduled(testJobs.schedule)).toEqual([{ ...job, isTooLate: false }]);
  });
});

test('a schedule that is set several times recurs as one schedule until it is removed', async () => {
  const { producer } = queues;
  const jobIds: string[] = [];
  queues.startConsumer({
    [poll.name]: async ({ exportId, jobId }) => {
      if (exportId === payload.exportId) jobIds.push(jobId);
    },
  });
  expect(await producer.isScheduled(poll, payload)).toBe(false);
  for (let i = 0; i < 3; i++) await producer.schedule({ job: poll, payload, everyMs: 100 });
  await producer.schedule({ job: poll, payload: { exportId: 'job_2' }, everyMs: 3_600_000 });
  expect(await producer.isScheduled(poll, payload)).toBe(true);
  expect((await producer.listScheduled(poll)).map((job) => job.payload.exportId).sort()).toEqual(['job_1', 'job_2']);
  await waitFor(() => jobIds.length >= 5);
  // BullMQ names an iteration after its scheduler and its time in ms. Iterations of one schedule are 100 ms apart.
  const times = jobIds.map((jobId) => Number(jobId.split(':').at(-1)));
  expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) >= 100)).toBe(true);
  await producer.unschedule(poll, payload);
  expect(await producer.isScheduled(poll, payload)).toBe(false);
  expect(await producer.listScheduled(poll)).toMatchObject([{ payload: { exportId: 'job_2' } }]);
  // Removing a missing schedule is not an error, because the sweep and the poll may both remove it.
  await producer.unschedule(poll, payload);
});

test('a list of schedules that have not changed costs one command, however many they are', async () => {
  const { producer, redis } = queues;
  const payloads = Array.from({ length: 20 }, (_, index) => ({ exportId: `job_${index}` }));
  for (const each of payloads) await producer.schedule({ job: poll, payload: each, everyMs: 3_600_000 });
  const ids = async () => (await producer.listScheduled(poll)).map((job) => job.payload.exportId).toSorted();
  const all = payloads.map(({ exportId }) => exportId).toSorted();
  expect(await ids()).toEqual(all);
  const sent = jest.spyOn(redis, 'sendCommand');
  expect(await ids()).toEqual(all);
  expect(sent.mock.calls.map(([{ name }]) => name)).toEqual(['zrevrange']);
  sent.mockRestore();
  await producer.unschedule(poll, { exportId: 'job_7' });
  expect(await ids()).toEqual(all.filter((id) => id !== 'job_7'));
});

test('a schedule that another process has set again is listed as it was read until this process sets it too', async () => {
  const { producer } = queues;
  const other = new Producer({ redis: queues.redis, prefix: queues.prefix, onError: () => undefined });
  const listed = async () => (await producer.listScheduled(testJobs.schedule))[0];
  // Both have their next run on the 29th of February at 02:00.
  const schedule = { job: testJobs.schedule, payload: { scheduleId: 'sched_1' }, timeZone: 'UTC' };
  await producer.scheduleCron({ ...schedule, cron: '0 2 29 2 *' });
  expect((await listed())?.cron).toBe('0 2 29 2 *');
  await other.scheduleCron({ ...schedule, cron: '00 2 29 2 *' });
  await producer.scheduleCron({ ...schedule, cron: '00 2 29 2 *' });
  expect((await listed())?.cron).toBe('00 2 29 2 *');
  await other.scheduleCron({ ...schedule, cron: '0 3 29 2 *' });
  expect((await listed())?.cron).toBe('0 3 29 2 *');
  await other.close();
});

test('a schedule waits for its start', async () => {
  const { producer } = queues;
  let firstAt = 0;
  queues.startConsumer({
    [poll.name]: async () => {
      firstAt ||= Date.now();
    },
  });
  const startAt = new Date(Date.now() + 400);
  const everyMs = 15_000;
  await producer.schedule({ job: poll, payload, everyMs, startAt });
  await waitFor(() => firstAt > 0);
  expect(firstAt).toBeGreaterThanOrEqual(startAt.getTime() - 5);
  expect(firstAt).toBeLessThan(startAt.getTime() + everyMs);
});

test('a schedule continues after a failed iteration', async () => {
  const run = jest.fn(fail);
  queues.startConsumer({ [poll.name]: run });
  await queues.producer.schedule({ job: poll, payload, everyMs: 100 });
  await waitFor(() => run.mock.calls.length >= 3);
  expect(await queues.producer.isScheduled(poll, payload)).toBe(true);
});

describe('the producer (flows)', () => {
  const flowOf = (given: { exportId: string; fileIds: readonly string[]; filesAhead?: number }) => ({
    parent: { job: testJobs.finalize, payload: { exportId: given.exportId } },
    children: {
      job: testJobs.download,
      payloads: given.fileIds.map((fileId) => ({ exportId: given.exportId, fileId })),
    },
    ...(given.filesAhead === undefined ? {} : { ahead: given.filesAhead }),
  });
  const stepsOf = (exportId: string, ids: readonly string[]) => ({
    parent: { job: testJobs.finalize, payload: { exportId } },
    children: { job: testJobs.step, payloads: ids.map((stepId) => ({ stepId })) },
  });
  const flow = { exportId: 'job_1', fileIds: ['a', 'b', 'c'] };

  test('the finish of a flow runs after all its files, including failed ones', async () => {
    const order: string[] = [];
    queues.startConsumer({
      [testJobs.download.name]: async ({ fileId }) => {
        order.push(fileId);
        if (fileId === 'b') await fail();
      },
      [testJobs.finalize.name]: async ({ exportId }) => {
        order.push(exportId);
      },
    });
    await queues.producer.addFlow(flowOf(flow));
    await waitFor(async () => (await queues.job(testJobs.finalize, payload)).state === 'completed');
    expect(order.slice(0, 3).sort()).toEqual(['a', 'b', 'c']);
    expect(order.slice(3)).toEqual(['job_1']);
    expect((await queues.job(testJobs.download, { exportId: 'job_1', fileId: 'b' })).state).toBe('failed');
  });

  test('the jobs of a flow know that another job waits for them', async () => {
    const seen = new Map<string, boolean>();
    queues.startConsumer({
      [testJobs.download.name]: async ({ fileId, hasParent }) => {
        seen.set(fileId, hasParent);
      },
      [testJobs.finalize.name]: async ({ hasParent }) => {
        seen.set('finish', hasParent);
      },
    });
    await queues.producer.addFlow(flowOf({ exportId: 'job_1', fileIds: ['of a flow'] }));
    await queues.producer.enqueue(testJobs.download, { exportId: 'job_1', fileId: 'alone' });
    await waitFor(() => seen.size === 3);
    expect(Object.fromEntries(seen)).toEqual({ 'of a flow': true, alone: false, finish: false });
  });

  test('a flow that is added twice, before and after its end, runs once', async () => {
    const order: string[] = [];
    const { producer } = queues;
    await producer.addFlow(flowOf(flow));
    await producer.addFlow(flowOf(flow));
    queues.startConsumer({
      [testJobs.download.name]: async ({ fileId }) => {
        order.push(fileId);
      },
      [testJobs.finalize.name]: async ({ exportId }) => {
        order.push(exportId);
      },
    });
    await waitFor(async () => (await queues.job(testJobs.finalize, payload)).state === 'completed');
    await producer.addFlow(flowOf(flow));
    await producer.addFlow(flowOf({ exportId: 'job_2', fileIds: ['z'] }));
    await waitFor(async () => (await queues.job(testJobs.finalize, { exportId: 'job_2' })).state === 'completed');
    expect(order.sort()).toEqual(['a', 'b', 'c', 'job_1', 'job_2', 'z']);
  });

  test('a flow that is added in parts waits for all of its jobs, also if other attempts add it again', async () => {
    const ids = Array.from({ length: 2500 }, (_, index) => `f${index}`);
    const large = { exportId: 'job_parts', fileIds: ids };
    const seen: string[] = [];
    await Promise.all([queues.producer.addFlow(flowOf(large)), queues.producer.addFlow(flowOf(large))]);
    queues.startConsumer({
      [testJobs.download.name]: async ({ fileId, hasParent }) => {
        seen.push(hasParent ? fileId : `${fileId} without a parent`);
      },
      [testJobs.finalize.name]: async () => {
        seen.push('finalized');
      },
    });
    await queues.producer.addFlow(flowOf(large));
    await waitFor(async () => (await queues.job(testJobs.finalize, { exportId: 'job_parts' })).state === 'completed');
    expect(seen.at(-1)).toBe('finalized');
    expect(seen.toSorted()).toEqual([...ids, 'finalized'].toSorted());
  });

  test('the files of a flow take turns with the files of other connections', async () => {
    const fileIds = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);
    await queues.producer.addFlow(flowOf({ exportId: 'job_large', fileIds: fileIds('large', 500) }));
    const order: string[] = [];
    const before = 100;
    const { stop } = queues.startConsumer({
      [testJobs.download.name]: async ({ fileId, signal }) => {
        // The files that are downloaded at the stop are handed over.
        if (order.length === before) await once(signal, 'abort').then(() => signal.throwIfAborted());
        order.push(fileId);
      },
    });
    await waitFor(() => order.length === before);
    await stop();
    await queues.producer.addFlow(flowOf({ exportId: 'job_small', fileIds: fileIds('small', 5) }));
    await queues.producer.addFlow(flowOf({ exportId: 'job_other', fileIds: fileIds('other', 5), filesAhead: 400 }));
    queues.startConsumer({
      [testJobs.download.name]: async ({ fileId }) => {
        order.push(fileId);
      },
    });
    await waitFor(() => order.length === 510);
    const placeOf = (fileId: string) => order.indexOf(fileId) - before;
    // A round has one file of each connection, and four files run at a time.
    for (const [index, fileId] of fileIds('small', 5).entries()) {
      expect(placeOf(fileId)).toBeGreaterThanOrEqual(index);
      expect(placeOf(fileId)).toBeLessThanOrEqual(2 * index + 8);
    }
    // A connection that has 400 files waiting in other flows gets no second share.
    expect(placeOf('other0')).toBeGreaterThan(300);
  });

  test('the steps of a sync take turns with the steps of other connections', async () => {
    const stepIds = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);
    await queues.producer.addFlow(stepsOf('sync_large', stepIds('large', 300)));
    await queues.producer.addFlow(stepsOf('sync_small', stepIds('small', 10)));
    await queues.producer.addFlow({ ...stepsOf('sync_other', stepIds('other', 5)), ahead: 200 });
    const order: string[] = [];
    const step = async ({ stepId }: { readonly stepId: string }) => {
      order.push(stepId);
    };
    queues.startConsumer({ [testJobs.step.name]: step });
    await waitFor(() => order.length === 315);
    // A round has one step of each connection, and sixteen steps run at a time.
    expect(order.findLastIndex((stepId) => stepId.startsWith('small'))).toBeLessThan(2 * 10 + 16);
    expect(order.indexOf('other0')).toBeGreaterThan(150);
  });

  test('a flow without files runs its finish immediately', async () => {
    const run = jest.fn(async () => undefined);
    queues.startConsumer({ [testJobs.finalize.name]: run });
    await queues.producer.addFlow(flowOf({ exportId: 'job_1', fileIds: [] }));
    await waitFor(() => run.mock.calls.length === 1);
  });
});

test.each([
  { version: '7', reply: "READONLY You can't write against a read only replica." },
  {
    version: '6.2',
    reply: "ERR Error running script: @user_script:1: -READONLY You can't write against a read only replica.",
  },
])('a client opens a new connection after Redis $version says that it is a replica', async ({ reply }) => {
  const redis = connectRedis({ url: testServices().redisUrl, waiting: true, onError: () => undefined });
  try {
    const id = await redis.client('ID');
    await expect(redis.eval('return redis.error_reply(ARGV[1])', 0, reply)).rejects.toThrow('READONLY');
    expect(await redis.client('ID')).not.toBe(id);
  } finally {
    redis.disconnect();
  }
});

test('a connection that is closed while Redis cannot be reached leaves no timer behind', async () => {
  await using proxy = await startTcpProxy(testServices().redisUrl);
  const redis = connectRedis({ url: proxy.url, waiting: true, onError: () => undefined });
  await redis.ping();
  await proxy.close();
  await waitFor(() => redis.status === 'reconnecting');
  const countTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = countTimers();
  disconnectRedis(redis);
  // Without the timer of the next attempt.
  expect(countTimers()).toBe(before - 1);
});
