import { createLogger } from '@bulkhead/base';
import { testServices, waitFor } from '@bulkhead/testing';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Consumer, createConsumer } from '../consumer.ts';
import type { AnyWork, JobDefinition, JobEnd } from '../define-job.ts';
import { Producer } from '../producer.ts';
import type { QueueName } from '../queue-names.ts';
import { type TestHandler, type TestRun, testJobs } from './test-jobs.ts';

export interface ConsumerSettings {
  /** Default: a new connection. */
  readonly redis?: Redis;
  readonly lockMs?: number;
  readonly suspectWaitMs?: number;
  readonly markAfterMs?: number;
  readonly isOutage?: (error: unknown) => boolean;
}

export interface StoredJob {
  readonly state: string;
  readonly attemptsMade: number;
  readonly failedReason: string | undefined;
}

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type TestQueues = ReturnType<typeof startQueues>;

/** Creates a producer and consumers with their own key prefix. */
export function startQueues() {
  const { redisUrl, prefix } = testServices();
  const connections: Redis[] = [];
  const connect = () => {
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    connections.push(redis);
    return redis;
  };
  const redis = connect();
  const logLines: Record<string, unknown>[] = [];
  const jobEnds: JobEnd[] = [];
  const logger = createLogger({
    name: 'test',
    level: 'debug',
    destination: { write: (line) => logLines.push(JSON.parse(line)) },
  });
  const onError = (error: Error) => logger.warn('queue connection failed', { error });
  const producer = new Producer({ redis, prefix, onError });
  const consumers: Consumer[] = [];
  const stop = async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await producer.close();
    for (const connection of connections) connection.disconnect();
  };
  const queueOf = (queueName: QueueName) => {
    const queue = producer.queues.find(({ name }) => name === queueName);
    if (!queue) throw new Error(`no queue ${queueName}`);
    return queue;
  };
  const find = <Payload>({ queue, jobId }: JobDefinition<Payload>, payload: NoInfer<Payload>) => ({
    queue: queueOf(queue),
    id: jobId(payload),
  });
  return {
    redis,
    connect,
    prefix,
    producer,
    queue: queueOf,
    logger,
    /** The log lines. */
    logLines,
    /** The ended attempts that consumers reported. */
    jobEnds,
    /** The log lines with a message. */
    logged: (msg: string) => logLines.filter((line) => line.msg === msg),
    /** Starts a process that runs the test jobs by these handlers (or only their `run`), by name. The others do nothing. */
    startConsumer(handlers: Readonly<Record<string, TestRun | TestHandler>>, options: ConsumerSettings = {}) {
      const toHandler = (handler: TestRun | TestHandler = async () => undefined): TestHandler =>
        typeof handler === 'function' ? { run: (_deps, job) => handler(job) } : handler;
      const jobs = Object.values(testJobs).map(
        (job) => ({ ...job, ...toHandler(handlers[job.name]) }) as AnyWork<object>,
      );
      const consumer = createConsumer({
        redis: connect(),
        prefix,
        queues: ['bulk-export', 'file-download', 'sync', 'connection', 'maintenance'],
        jobs,
        deps: {},
        logger,
        onJobEnd: (end) => jobEnds.push(end),
        ...options,
      });
      consumers.push(consumer);
      consumer.start();
      return consumer;
    },
    /** Simulates a process that takes the queue's next job and dies. */
    async takeAndDie(queue: QueueName) {
      const worker = new Worker(queue, null, { connection: connect(), prefix, autorun: false, lockDuration: 200 });
      await waitFor(() => worker.getNextJob('dead', { block: false }));
      await worker.close();
    },
    /** Releases the jobs that dead processes left active, as a living process does. */
    async releaseStalled(queueName: QueueName) {
      const settings = { autorun: false, lockDuration: 200, stalledInterval: 50, maxStalledCount: 10 };
      const worker = new Worker(queueName, null, { connection: connect(), prefix, ...settings });
      // A consumer that checked for stalled jobs keeps other processes from checking for its own interval, which is 30 s.
      await redis.del(`${prefix}:${queueName}:stalled-check`);
      await worker.startStalledCheckTimer();
      await waitFor(async () => (await queueOf(queueName).getActiveCount()) === 0);
      await worker.close();
    },
    /** Takes the lock from the process that runs the job. */
    async loseLock<Payload>(job: JobDefinition<Payload>, payload: NoInfer<Payload>) {
      const { queue, id } = find(job, payload);
      await redis.del(`${prefix}:${queue.name}:${id}:lock`);
    },
    /** How often the job's worker died. */
    async stalls<Payload>(job: JobDefinition<Payload>, payload: NoInfer<Payload>) {
      const { queue, id } = find(job, payload);
      return (await queue.getJob(id))?.stalledCounter;
    },
    /** The job as stored in Redis. */
    async job<Payload>(job: JobDefinition<Payload>, payload: NoInfer<Payload>): Promise<StoredJob> {
      const { queue, id } = find(job, payload);
      // Read the state first, because a job that was read before it ended does not have its last attempt.
      const state = await queue.getJobState(id);
      const stored = await queue.getJob(id);
      if (!stored) return { state: 'absent', attemptsMade: 0, failedReason: undefined };
      return { state, attemptsMade: stored.attemptsMade, failedReason: stored.failedReason };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
