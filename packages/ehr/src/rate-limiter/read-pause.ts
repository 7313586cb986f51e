import type { Redis } from 'ioredis';
import { budgetKeys, type RateBudget } from './budget.ts';

/** A pause that an EHR has asked for. It delays every request of its budget. */
export interface BudgetPause {
  readonly until: Date;
  /** What the EHR answered, such as `429 Too Many Requests`. */
  readonly reason: string;
}

/** Reads the pause of a budget. Undefined if there is none. The times of Redis are converted to the clock of this process. */
export async function readPause(options: {
  readonly redis: Redis;
  /** The prefix of every key in Redis. */
  readonly prefix: string;
  readonly budget: RateBudget;
}): Promise<BudgetPause | undefined> {
  const { redis, prefix, budget } = options;
  const { state } = budgetKeys({ prefix, budget });
  const [pausedUntil, reason] = await redis.hmget(state, 'pausedUntil', 'pauseReason');
  if (!pausedUntil || !reason) return undefined;
  const [seconds, microseconds] = await redis.time();
  const leftMs = Number(pausedUntil) - (Number(seconds) * 1000 + Number(microseconds) / 1000);
  return leftMs > 0 ? { until: new Date(Date.now() + leftMs), reason } : undefined;
}
