import type { Redis } from 'ioredis';
import { budgetKeys } from './budget-keys.ts';
import type { RateBudget } from './rate-budget.ts';
import { useScript } from './rate-limiter.lua.ts';
import { rememberedMs } from './remembered-ms.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';

/** How a budget stands. */
export interface BudgetState {
  readonly budget: RateBudget;
  /** Requests in the last window, in the last minute (undefined where the log does not reach back so far), in 24 hours. */
  readonly window: number;
  readonly minute: number | undefined;
  readonly day: number;
  /** How long an EHR wants nobody to ask any more, and why; afterwards the rate is halved for a while. */
  readonly pausedMs: number;
  readonly slowMs: number;
  readonly pauseReason: string | undefined;
  /** Processes in which a request waits. */
  readonly waiting: Readonly<Record<RequestPriority, number>>;
}

const minuteMs = 60_000;

/** Reads budgets whoever uses them. It changes nothing, so asking as often as anybody likes costs no request. */
export function readBudgets(options: {
  readonly redis: Redis;
  /** Of every key in Redis. */
  readonly prefix: string;
  readonly budgets: readonly RateBudget[];
}): Promise<BudgetState[]> {
  const { redis, prefix, budgets } = options;
  return Promise.all(
    budgets.map(async (budget) => {
      const keys = budgetKeys({ prefix, budget });
      const reply = await redis.eval(useScript, keys.length, ...keys, budget.rateLimit.windowMs);
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
  ...waiting: number[],
];

function toState(budget: RateBudget, reply: Reply): BudgetState {
  const [window, minute, day, pausedMs, slowMs, pauseReason, ...waiting] = reply;
  return {
    budget,
    window,
    minute: rememberedMs(budget.rateLimit) < minuteMs ? undefined : minute,
    day,
    pausedMs,
    slowMs,
    pauseReason: slowMs > 0 && pauseReason !== '' ? pauseReason : undefined,
    waiting: Object.fromEntries(
      requestPriorities.map((priority, index) => [priority, waiting[index] ?? 0]),
    ) as BudgetState['waiting'],
  };
}
