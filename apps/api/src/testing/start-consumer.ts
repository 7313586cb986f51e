import { connectRedis, createConsumer, type Handlers, type QueueName } from '@bulkhead/queues';
import { createLogger } from '@bulkhead/runtime';
import type { TestApi } from './start-api.ts';

/** Runs the jobs of one queue in place of the workers. `await using` stops it at the end of a test. */
export function startConsumer(api: TestApi, queue: QueueName, handlers: Partial<Handlers<undefined>>) {
  const redis = connectRedis({ url: api.env.REDIS_URL ?? '', waiting: true, onError: () => undefined });
  const consumer = createConsumer({
    redis,
    prefix: api.env.BULKHEAD_PREFIX ?? '',
    queues: [queue],
    handlers: handlers as Handlers<undefined>,
    deps: undefined,
    logger: createLogger({ name: 'worker', level: 'silent' }),
  });
  consumer.start();
  return {
    async [Symbol.asyncDispose]() {
      await consumer.stop();
      redis.disconnect();
    },
  };
}
