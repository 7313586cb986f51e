import { createLogger } from '@bulkhead/runtime';
import { testServices, waitFor } from '@bulkhead/testing';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { catalog, type JobName, type JobPayload, type QueueName } from '../catalog.ts';
import { type Consumer, createConsumer } from '../consumer.ts';
import type { Handler, Handlers, JobEnd } from '../handler.ts';
import { Producer } from '../producer.ts';

export interface ConsumerSettings {
  /** Default: a new connection. */
  readonly redis?: Redis;
  readonly lockMs?: number;
  readonly suspectWaitMs?: number;
  readonly markAfterMs?: number;
}

export interface StoredJob {
  readonly state: string;
  readonly attemptsMade: number;
  readonly failedReason: string | undefined;
}

type Run<Name extends JobName> = (job: Parameters<Handler<Name, unknown>['run']>[1]) => Promise<unknown>;
export type TestHandlers = { readonly [Name in JobName]?: Run<Name> | Handler<Name, unknown> };

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
  const nothing = { run: async () => undefined };
  const none = Object.fromEntries(Object.keys(catalog).map((name) => [name, nothing])) as unknown as Handlers<unknown>;
  const toHandler = (handler: object) =>
    typeof handler === 'function' ? { run: (_deps: unknown, job: unknown) => handler(job) } : handler;
  const queueOf = (queueName: QueueName) => {
    const queue = producer.queues.find(({ name }) => name === queueName);
    if (!queue) throw new Error(`no queue ${queueName}`);
    return queue;
  };
  const find = <Name extends JobName>(name: Name, payload: JobPayload<Name>) => {
    const { queue, jobId } = catalog[name] as { queue: QueueName; jobId: (payload: unknown) => string };
    return { queue: queueOf(queue), id: jobId(payload) };
  };
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
    /** Starts a process with these handlers (or only their `run`). All other jobs have handlers that do nothing. */
    startConsumer(handlers: TestHandlers, options: ConsumerSettings = {}) {
      const ownHandlers = Object.fromEntries(
        Object.entries(handlers).map(([name, handler]) => [name, toHandler(handler)]),
      );
      const consumer = createConsumer({
        redis: connect(),
        prefix,
        queues: ['bulk-export', 'file-download', 'sync', 'connection', 'maintenance'],
        handlers: { ...none, ...ownHandlers },
        deps: undefined,
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
    async loseLock<Name extends JobName>(name: Name, payload: JobPayload<Name>) {
      const { queue, id } = find(name, payload);
      await redis.del(`${prefix}:${queue.name}:${id}:lock`);
    },
    /** How often the job's worker died. */
    async stalls<Name extends JobName>(name: Name, payload: JobPayload<Name>) {
      const { queue, id } = find(name, payload);
      return (await queue.getJob(id))?.stalledCounter;
    },
    /** The job as stored in Redis. */
    async job<Name extends JobName>(name: Name, payload: JobPayload<Name>): Promise<StoredJob> {
      const { queue, id } = find(name, payload);
      // Read the state first, because a job that was read before it ended does not have its last attempt.
      const state = await queue.getJobState(id);
      const job = await queue.getJob(id);
      if (!job) return { state: 'absent', attemptsMade: 0, failedReason: undefined };
      return { state, attemptsMade: job.attemptsMade, failedReason: job.failedReason };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
