import type { Redis } from 'ioredis';
import { budgetKeys, logMemoryMs, type RateBudget, type RequestPriority, requestPriorities } from './budget.ts';
import { dayBucketMs } from './redis-script.ts';
import { useScript } from './use.lua.ts';

/** How much of a budget is used, and how many requests wait for it. */
export interface BudgetState {
  readonly budget: RateBudget;
  /** Requests in the last window, in the last minute (undefined if the log is shorter), and in 24 hours. */
  readonly window: number;
  readonly minute: number | undefined;
  readonly day: number;
  /** Requests in each of the last 60 seconds, the oldest first. Undefined if the log is shorter. */
  readonly recent: readonly number[] | undefined;
  /** How much longer the EHR wants no requests, for how long the rate is halved, and why. */
  readonly pausedMs: number;
  readonly slowMs: number;
  readonly pauseReason: string | undefined;
  /** Waiting requests of all processes, as each last reported them. */
  readonly waiting: Readonly<Record<RequestPriority, number>>;
}

const minuteMs = 60_000;

/** Reads budgets, including those that only other processes use. It changes nothing and sends no request to the EHR. */
export function readBudgets(options: {
  readonly redis: Redis;
  /** The prefix of every key in Redis. */
  readonly prefix: string;
  readonly budgets: readonly RateBudget[];
}): Promise<BudgetState[]> {
  const { redis, prefix, budgets } = options;
  return Promise.all(
    budgets.map(async (budget) => {
      const { state, log, day } = budgetKeys({ prefix, budget });
      const { windowMs, guardMs } = budget.rateLimit;
      const reply = await useScript({ redis, keys: [state, log, day], args: [windowMs, guardMs] });
      return toState(budget, reply as Reply);
    }),
  );
}

type Reply = readonly [
  window: number,
  minute: number,
  day: number,
  pausedMs: number,
  slowMs: number,
  pauseReason: string,
  waiting: readonly number[],
  recent: readonly number[],
];

function toState(budget: RateBudget, reply: Reply): BudgetState {
  const [window, minute, day, pausedMs, slowMs, pauseReason, waiting, recent] = reply;
  const hasMinute = logMemoryMs(budget.rateLimit) >= minuteMs;
  return {
    budget,
    // The last request of a window can be on its way when the first one has just arrived.
    window: Math.min(window, budget.rateLimit.limit),
    minute: hasMinute ? minute : undefined,
    day,
    recent: hasMinute ? recent : undefined,
    pausedMs,
    slowMs,
    pauseReason: slowMs > 0 && pauseReason !== '' ? pauseReason : undefined,
    waiting: Object.fromEntries(
      requestPriorities.map((priority, index) => [priority, waiting[index] ?? 0]),
    ) as BudgetState['waiting'],
  };
}

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
