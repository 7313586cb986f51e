import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AppError, type RetryAdvice } from '@bulkhead/base';
import { startTcpProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, jest, test } from '@jest/globals';
import { Job } from 'bullmq';
import { connectRedis, disconnectRedis } from './redis.ts';
import { startQueues, type TestQueues } from './testing/start-queues.ts';
import { testJobs } from './testing/test-jobs.ts';

const { kickOff } = testJobs;
const { capabilities, poll } = testJobs;
const payload = { exportId: 'job_1' };
const connection = { connectionId: 'conn_1' };

function makeError(retry: RetryAdvice, cause?: unknown): AppError {
  return new AppError({ code: 'internal', message: 'Something static.', retry, cause });
}

/** Adds a job as BullMQ stores it, without validation. */
const addRaw = (queues: TestQueues, name: string, data: unknown) =>
  queues.queue('connection').add(name, data, { jobId: 'raw', attempts: 3 });
const rawJob = async (queues: TestQueues) => {
  const queue = queues.queue('connection');
  // Read the state first, because a job that was read before it ended does not have its last attempt.
  const state = await queue.getJobState('raw');
  const job = await queue.getJob('raw');
  return { state, attemptsMade: job?.attemptsMade, failedReason: job?.failedReason };
};

test.concurrent('a job gets its payload, its id and whether this is its last attempt', async () => {
  await using queues = startQueues();
  const calls: unknown[] = [];
  queues.startConsumer({
    [capabilities.name]: async ({ signal, endSignal: _, jobId, retryAt, hasParent: __, progress: ___, ...context }) => {
      calls.push({ context, jobId, isLast: retryAt(new Error('x')) === undefined, aborted: signal.aborted });
    },
  });
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'completed');
  expect(calls).toEqual([{ context: connection, jobId: 'capabilities.conn_1', isLast: false, aborted: false }]);
  expect(queues.logged('job completed')).toEqual([
    expect.objectContaining({
      queue: 'connection',
      job: capabilities.name,
      jobId: 'capabilities.conn_1',
      attempt: 1,
      connectionId: 'conn_1',
      durationMs: expect.any(Number),
    }),
  ]);
});

test.concurrent('a job that has ended is not kept in memory until its time limit', async () => {
  await using queues = startQueues();
  const count = 100;
  using jobs = watchJobs();
  queues.startConsumer({ [capabilities.name]: async () => undefined });
  for (let index = 0; index < count; index++)
    await queues.producer.enqueue(capabilities, { connectionId: `conn_${index}` });
  await waitFor(async () => queues.logged('job completed').length === count);
  expect(jobs.made()).toBeGreaterThanOrEqual(count);
  // Other tests of this file have some jobs, too.
  await waitFor(async () => jobs.kept() < count / 2);
});

test.concurrent('a job shows its progress and its log lines in Bull Board, but no debug lines', async () => {
  await using queues = startQueues();
  const queue = queues.queue('connection');
  queues.startConsumer({
    [capabilities.name]: async ({ progress }) => {
      progress(41.7);
      queues.logger.info('capabilities read', { status: 200 });
      queues.logger.debug('a line for developers');
    },
  });
  await queues.producer.enqueue(capabilities, connection);
  const { jobId } = capabilities;
  await waitFor(async () => (await queue.getJobLogs(jobId(connection))).count === 1);
  const { logs } = await queue.getJobLogs(jobId(connection));
  expect(logs).toEqual([expect.stringMatching(/^\d{4}-\S+Z info capabilities read \{"status":200\}$/)]);
  await waitFor(async () => (await queue.getJob(jobId(connection)))?.progress === 42);
});

test.concurrent.each([
  { what: 'an unknown field in its payload', name: capabilities.name, data: { connectionId: 'c', token: 'planted' } },
  { what: 'no id in its payload', name: capabilities.name, data: {} },
  { what: 'an id of another type', name: capabilities.name, data: { connectionId: 7 } },
  { what: 'an unknown name', name: 'connection.forget', data: connection },
  { what: 'a name that every object has as a member', name: 'constructor', data: connection },
])('a job with $what fails at the first attempt and is logged as an error', async ({ name, data }) => {
  await using queues = startQueues();
  const run = jest.fn(async () => undefined);
  queues.startConsumer({ [capabilities.name]: run });
  await addRaw(queues, name, data);
  const job = await waitFor(async () => {
    const stored = await rawJob(queues);
    return stored.state === 'failed' ? stored : undefined;
  });
  expect(job.attemptsMade).toBe(1);
  expect(job.failedReason).toMatch(/^(the payload does not fit|there is no job)/);
  expect(run).not.toHaveBeenCalled();
  expect(queues.logged('job failed')).toEqual([
    expect.objectContaining({ level: 50, queue: 'connection', jobId: 'raw' }),
  ]);
  expect(JSON.stringify(queues.logLines)).not.toContain('planted');
});

test.concurrent('a consumer whose command Redis refuses logs this once and waits a second before it sends the command again', async () => {
  await using queues = startQueues();
  // A value of another type is refused in this queue alone, as everything is by a Redis without memory.
  await queues.redis.set(`${queues.prefix}:connection:wait`, 'no list');
  const redis = queues.connect();
  const times: number[] = [];
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, ...rest) => {
    if (command.args.includes(`${queues.prefix}:connection:limiter`)) times.push(performance.now());
    return send(command, ...rest);
  };
  const run = jest.fn(async () => undefined);
  queues.startConsumer({ [capabilities.name]: run }, { redis });
  await waitFor(async () => times.length >= 3);
  const [first = 0, second = 0, third = 0] = times;
  expect([second - first, third - second].filter((waitMs) => waitMs < 900)).toEqual([]);
  expect(queues.logged('queue connection failed')).toEqual([
    expect.objectContaining({ queue: 'connection', error: expect.objectContaining({ code: 'WRONGTYPE' }) }),
  ]);
  await queues.redis.del(`${queues.prefix}:connection:wait`);
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => run.mock.calls.length === 1);
});

test.concurrent("a job whose error says 'never' fails at the first attempt", async () => {
  await using queues = startQueues();
  queues.startConsumer({ [kickOff.name]: () => Promise.reject(makeError('never')) });
  await queues.producer.enqueue(kickOff, payload);
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'failed');
  expect(await queues.job(kickOff, payload)).toEqual({
    state: 'failed',
    attemptsMade: 1,
    failedReason: 'internal: Something static.',
  });
  expect(queues.logged('job failed')).toEqual([
    expect.objectContaining({ level: 50, exportId: 'job_1', error: expect.objectContaining({ code: 'internal' }) }),
  ]);
});

test.concurrent("a job whose error says 'later' is retried with growing waits and fails with the last attempt", async () => {
  await using queues = startQueues();
  const tries: { at: number; retryAt: Date | undefined }[] = [];
  queues.startConsumer({
    [capabilities.name]: async ({ retryAt }) => {
      const error = makeError('later');
      tries.push({ at: Date.now(), retryAt: retryAt(error) });
      throw error;
    },
  });
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'failed');
  const { attempts, backoffMs } = capabilities;
  expect(tries.map(({ retryAt }) => retryAt === undefined)).toEqual([false, false, true]);
  // BullMQ waits exactly until the time that the step was given.
  for (const [index, { at }] of tries.slice(1).entries())
    expect(at).toBeGreaterThanOrEqual((tries[index]?.retryAt?.getTime() ?? 0) - 5);
  expect(tries).toHaveLength(attempts);
  const [first = 0, second = 0] = tries.slice(1).map(({ at }, index) => at - (tries[index]?.at ?? 0));
  // Jitter takes off up to half of the wait.
  expect(first).toBeGreaterThanOrEqual(backoffMs / 2 - 5);
  expect(second).toBeGreaterThanOrEqual(backoffMs - 5);
  expect(queues.logged('job will be retried').map(({ level, attempt }) => [level, attempt])).toEqual([
    [40, 1],
    [40, 2],
  ]);
  expect(queues.logged('job failed').map(({ level, attempt }) => [level, attempt])).toEqual([[50, 3]]);
});

test.concurrent('a job whose error names a wait runs again after it, any number of times, without using up an attempt', async () => {
  await using queues = startQueues();
  const tries: { at: number; isLast: boolean }[] = [];
  queues.startConsumer({
    [capabilities.name]: async ({ retryAt }) => {
      const error = makeError({ afterMs: 100 });
      tries.push({ at: Date.now(), isLast: retryAt(error) === undefined });
      if (tries.length <= 5) throw error;
    },
  });
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'completed');
  expect(tries.map(({ isLast }) => isLast)).toEqual(Array.from({ length: 6 }, () => false));
  const gaps = tries.slice(1).map(({ at }, index) => at - (tries[index]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99);
  expect(await queues.job(capabilities, connection)).toMatchObject({ attemptsMade: 1 });
  expect(queues.logged('job waits')).toHaveLength(5);
  expect(queues.logged('job failed')).toEqual([]);
});

test.concurrent('a job that fails leaves no text of a foreign error in Redis', async () => {
  await using queues = startQueues();
  const secret = 'planted-secret-5c1e';
  const cause = new Error(secret);
  const thrown = [
    () => Object.assign(new TypeError(`fetch of ${secret} failed`), { config: { headers: { authorization: secret } } }),
    () => makeError('later', cause),
    () => secret,
  ];
  let tries = 0;
  queues.startConsumer({
    [capabilities.name]: async () => {
      tries += 1;
      throw thrown[tries - 1]?.();
    },
  });
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'failed');
  expect(await queues.job(capabilities, connection)).toMatchObject({ failedReason: 'unexpected: string' });
  const keys = await queues.redis.keys(`${queues.prefix}*`);
  const contents = await Promise.all(keys.map((key) => readKey(queues, key)));
  expect(contents.join()).toContain('unexpected: string');
  expect(contents.join()).not.toContain(secret);
  expect(JSON.stringify(queues.logLines)).not.toContain(secret);
});

test.concurrent('a job that a shutdown aborts is handed over and completed by another process', async () => {
  await using queues = startQueues();
  const started = new AbortController();
  const reasons: unknown[] = [];
  const first = queues.startConsumer({
    [kickOff.name]: async ({ signal }) => {
      started.abort();
      await once(signal, 'abort');
      reasons.push((signal.reason as Error).message);
      throw signal.reason;
    },
  });
  await queues.producer.enqueue(kickOff, payload);
  await waitFor(() => started.signal.aborted);
  await first.stop();
  expect(reasons).toEqual(['the process is stopping']);
  expect(await queues.job(kickOff, payload)).toMatchObject({ attemptsMade: 0, failedReason: undefined });
  expect(['delayed', 'waiting']).toContain((await queues.job(kickOff, payload)).state);
  const complete = jest.fn(async () => undefined);
  queues.startConsumer({ [kickOff.name]: complete });
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
  expect(complete).toHaveBeenCalledTimes(1);
  expect(queues.logged('job failed')).toEqual([]);
});

test.concurrent('a short job completes before the process stops', async () => {
  await using queues = startQueues();
  const started = new AbortController();
  const release = new AbortController();
  const consumer = queues.startConsumer({
    [kickOff.name]: async () => {
      started.abort();
      await once(release.signal, 'abort');
    },
  });
  await queues.producer.enqueue(kickOff, payload);
  await waitFor(() => started.signal.aborted);
  const stopped = consumer.stop();
  release.abort();
  await stopped;
  expect((await queues.job(kickOff, payload)).state).toBe('completed');
});

test.concurrent('a consumer stops although its connections are between two attempts to reach Redis', async () => {
  await using queues = startQueues();
  await using proxy = await startTcpProxy(testServices().redisUrl);
  const redis = connectRedis({ url: proxy.url, waiting: true, onError: () => undefined });
  const consumer = queues.startConsumer({}, { redis });
  // Its queue is empty then, so the consumer waits for the next job.
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'completed');
  const reconnecting = once(redis, 'reconnecting');
  await proxy.close();
  await reconnecting;
  await consumer.stop();
  disconnectRedis(redis);
});

test.concurrent('a job that was added several times runs once', async () => {
  await using queues = startQueues();
  const run = jest.fn(async () => undefined);
  await Promise.all(Array.from({ length: 5 }, () => queues.producer.enqueue(kickOff, payload)));
  queues.startConsumer({ [kickOff.name]: run });
  queues.startConsumer({ [kickOff.name]: run });
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
  await queues.producer.enqueue(kickOff, payload);
  await queues.producer.enqueue(kickOff, { exportId: 'job_2' });
  await waitFor(async () => (await queues.job(kickOff, { exportId: 'job_2' })).state === 'completed');
  expect(run).toHaveBeenCalledTimes(2);
});

test.concurrent('a job of a process that died is completed by another process', async () => {
  await using queues = startQueues();
  const run = jest.fn(async () => undefined);
  await queues.producer.enqueue(kickOff, payload);
  await queues.takeAndDie('bulk-export');
  expect((await queues.job(kickOff, payload)).state).toBe('active');
  // Longer than this process can be blocked, so that its own lock on the job does not expire too.
  queues.startConsumer({ [kickOff.name]: run }, { lockMs: 4000 });
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
  expect(run).toHaveBeenCalledTimes(1);
  expect(queues.logged('job stalled')).toEqual([
    expect.objectContaining({ queue: 'bulk-export', jobId: 'kick-off.job_1' }),
  ]);
});

test.concurrent('a lost lock aborts a job, except its work that must not be repeated', async () => {
  await using queues = startQueues();
  const lost = Promise.withResolvers<{ readonly mustEnd: boolean }>();
  queues.startConsumer(
    {
      [kickOff.name]: async ({ signal, endSignal }) => {
        // The loss can be noticed before it is reported here.
        const aborted = once(signal, 'abort');
        await queues.loseLock(kickOff, payload);
        await aborted;
        lost.resolve({ mustEnd: endSignal.aborted });
      },
    },
    { lockMs: 300 },
  );
  await queues.producer.enqueue(kickOff, payload);
  expect(await lost.promise).toEqual({ mustEnd: false });
});

test.concurrent.each([
  { retry: 'never', attempts: 1 },
  { retry: 'later', attempts: capabilities.attempts },
] as const)(
  'the record of a job is ended once, after the last of $attempts attempts, if its error says "$retry"',
  async ({ retry, attempts }) => {
    await using queues = startQueues();
    const ended: unknown[] = [];
    const run = jest.fn(() => Promise.reject(makeError(retry)));
    const onFinalFailure = async (_deps: unknown, job: object) => {
      ended.push({ runs: run.mock.calls.length, ...job });
    };
    queues.startConsumer({ [capabilities.name]: { run, onFinalFailure } });
    await queues.producer.enqueue(capabilities, connection);
    await waitFor(async () => (await queues.job(capabilities, connection)).state === 'failed');
    expect(ended).toEqual([{ runs: attempts, ...connection, error: expect.objectContaining({ code: 'internal' }) }]);
  },
);

test.concurrent('the record of a recurring job is not ended, because the next iteration is the retry', async () => {
  await using queues = startQueues();
  const run = jest.fn(() => Promise.reject(makeError('never')));
  const onFinalFailure = jest.fn(async () => undefined);
  queues.startConsumer({ [testJobs.poll.name]: { run, onFinalFailure } });
  await queues.producer.schedule({ job: testJobs.poll, payload, everyMs: 50, startAt: new Date() });
  await waitFor(() => run.mock.calls.length > 2);
  await queues.producer.unschedule(testJobs.poll, payload);
  expect(onFinalFailure).not.toHaveBeenCalled();
});

test.concurrent('the record of a job is ended by another attempt if ending it failed', async () => {
  await using queues = startQueues();
  const onFinalFailure = jest
    .fn(async () => undefined)
    .mockRejectedValueOnce(new Error('the database is unavailable') as never);
  queues.startConsumer({ [capabilities.name]: { run: () => Promise.reject(makeError('never')), onFinalFailure } });
  await queues.producer.enqueue(capabilities, connection);
  await waitFor(async () => (await queues.job(capabilities, connection)).state === 'failed');
  expect(onFinalFailure).toHaveBeenCalledTimes(2);
  expect((await queues.job(capabilities, connection)).failedReason).toBe('internal: Something static.');
});

/** Watches which of the jobs that this process reads stay in memory. A search of the whole heap would block it for seconds. */
function watchJobs() {
  const { fromJSON } = Job;
  const jobs: WeakRef<Job>[] = [];
  Job.fromJSON = ((...args: Parameters<typeof fromJSON>) => {
    const job = fromJSON.apply(Job, args) as Job;
    jobs.push(new WeakRef(job));
    return job;
  }) as typeof fromJSON;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  return {
    made: () => jobs.length,
    kept() {
      collectGarbage();
      return jobs.filter((job) => job.deref() !== undefined).length;
    },
    [Symbol.dispose]() {
      Job.fromJSON = fromJSON;
    },
  };
}

async function readKey({ redis }: TestQueues, key: string): Promise<string> {
  const readers: Record<string, () => Promise<unknown>> = {
    string: () => redis.get(key),
    hash: () => redis.hgetall(key),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, '0', '-1'),
    stream: () => redis.xrange(key, '-', '+'),
  };
  const read = readers[await redis.type(key)];
  if (!read) throw new Error(`${key} has an unknown type`);
  return JSON.stringify(await read());
}

test.concurrent('an outage of the store costs a job no attempt, and its record stays as it is', async () => {
  await using queues = startQueues();
  const outage = makeError('never');
  const run = jest.fn(async () => undefined).mockRejectedValueOnce(outage);
  const onFinalFailure = jest.fn(async () => undefined);
  queues.startConsumer({ [kickOff.name]: { run, onFinalFailure } }, { isOutage: (error) => error === outage });
  await queues.producer.enqueue(kickOff, payload);
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'delayed');
  expect((await queues.job(kickOff, payload)).attemptsMade).toBe(0);
  expect(queues.logged('job waits')).toEqual([
    expect.objectContaining({ delayMs: expect.any(Number), code: 'internal' }),
  ]);
  await (await queues.queue('bulk-export').getJob(kickOff.jobId(payload)))?.promote();
  await waitFor(async () => (await queues.job(kickOff, payload)).state === 'completed');
  expect(onFinalFailure).not.toHaveBeenCalled();
});

test.concurrent('an iteration of a recurring job does not wait for the store, because the next one follows', async () => {
  await using queues = startQueues();
  const outage = makeError('never');
  const run = jest.fn(() => Promise.reject(outage));
  queues.startConsumer({ [poll.name]: run }, { isOutage: (error) => error === outage });
  await queues.producer.schedule({ job: poll, payload, everyMs: 100 });
  await waitFor(() => run.mock.calls.length >= 3);
  expect(queues.logged('job waits')).toEqual([]);
});
