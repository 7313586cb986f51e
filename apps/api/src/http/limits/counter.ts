import { RateLimiterMemory, RateLimiterRedis, RLWrapperTimeouts } from 'rate-limiter-flexible';

export interface Count {
  readonly count: number;
  /** Until it begins anew. */
  readonly restMs: number;
}

export interface CounterOptions {
  /** Of ioredis. */
  readonly redis: unknown;
  readonly prefix: string;
  readonly name: string;
  readonly windowSeconds: number;
}

export type Counter = ReturnType<typeof createCounter>;

/** A request must not wait for a Redis that hangs; it answers within a millisecond. */
const redisTimeoutMs = 100;
/** Limits differ from key to key, so what is too much is judged where it is known. */
const points = Number.MAX_SAFE_INTEGER;

/** Counts by id within windows, over all API processes. While Redis is away each process counts for itself. */
export function createCounter({ redis, prefix, name, windowSeconds: duration }: CounterOptions) {
  const inMemory = new RateLimiterMemory({ points, duration });
  const inRedis = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${prefix}:${name}`,
    points,
    duration,
    rejectIfRedisNotReady: true,
  });
  const limiter = new RLWrapperTimeouts({ limiter: inRedis, timeoutMs: redisTimeoutMs, insuranceLimiter: inMemory });
  return {
    async add(id: string): Promise<Count> {
      const { consumedPoints: count, msBeforeNext: restMs } = await limiter.consume(id);
      return { count, restMs };
    },
  };
}
