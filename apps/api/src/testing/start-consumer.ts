import { createLogger } from '@bulkhead/base';
import { type AnyJob, connectRedis, type QueueName } from '@bulkhead/queues';
import { startConsumer as startConsumerOf } from '@bulkhead/queues/testing';
import type { TestApi } from './start-api.ts';

/** Runs the jobs of one queue in place of the workers. `await using` stops it at the end of a test. */
export function startConsumer(api: TestApi, queue: QueueName, jobs: readonly AnyJob<undefined>[]) {
  const redis = connectRedis({ url: api.env.REDIS_URL ?? '', waiting: true, onError: () => undefined });
  const consumer = startConsumerOf({
    redis,
    prefix: api.env.BULKHEAD_PREFIX ?? '',
    queues: [queue],
    jobs,
    deps: undefined,
    logger: createLogger({ name: 'worker', level: 'silent' }),
  });
  return {
    async [Symbol.asyncDispose]() {
      await consumer.stop();
      redis.disconnect();
    },
  };
}
