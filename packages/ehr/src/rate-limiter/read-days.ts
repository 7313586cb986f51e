import type { Redis } from 'ioredis';
import { budgetKeys, type RateBudget } from './budget.ts';
import { dayBucketMs } from './redis-script.ts';

/** Reads how many requests of each budget were sent in each ten minutes of the last 24 hours, and since when they count. */
export function readDays(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly budgets: readonly RateBudget[];
}): Promise<{ readonly at: number; readonly requests: number }[][]> {
  const { redis, prefix, budgets } = options;
  return Promise.all(
    budgets.map(async (budget) => {
      const counts = await redis.hgetall(budgetKeys({ prefix, budget }).day);
      // A request of a bucket counts until 24 hours after the end of the bucket.
      return Object.entries(counts).map(([bucket, count]) => ({
        at: (Number(bucket) + 1) * dayBucketMs,
        requests: Number(count),
      }));
    }),
  );
}
