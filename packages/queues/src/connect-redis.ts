import { Redis } from 'ioredis';

/**
 * @param options.waiting true for workers: commands wait for Redis, however long it is away. False for the API: they fail
 * at once, so that a request gets its 503 and nothing is accepted that could be lost.
 */
export function connectRedis(options: {
  readonly url: string;
  readonly waiting: boolean;
  readonly onError: (error: Error) => void;
}): Redis {
  const { url, waiting, onError } = options;
  const redis = new Redis(url, {
    ...(waiting
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 3000 }),
    // Back within a second of Redis' own return, without hammering it meanwhile.
    retryStrategy: (times) => Math.min(times * 100, 1000),
  });
  redis.on('error', onError);
  return redis;
}
