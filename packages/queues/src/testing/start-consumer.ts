import { createLogger } from '@bulkhead/base';
import type { Redis } from 'ioredis';
import { type ConsumerOptions, createConsumer } from '../consumer.ts';
import { connectRedis } from '../redis.ts';

/**
 * Starts a worker of the queues of a feature. `await using` stops it at the end of a test.
 * @param options.redis a URL gets its own connection
 */
export function startConsumer<Deps extends object>(
  options: Omit<ConsumerOptions<Deps>, 'redis' | 'logger'> & {
    readonly redis: Redis | string;
    readonly logger?: ConsumerOptions<Deps>['logger'];
  },
) {
  const { redis: given, logger = createLogger({ name: 'worker', level: 'silent' }), ...others } = options;
  const redis =
    typeof given === 'string' ? connectRedis({ url: given, waiting: true, onError: () => undefined }) : given;
  const consumer = createConsumer<Deps>({ ...others, redis, logger });
  consumer.start();
  const stop = async () => {
    await consumer.stop();
    if (typeof given === 'string') redis.disconnect();
  };
  return { stop, [Symbol.asyncDispose]: stop };
}
