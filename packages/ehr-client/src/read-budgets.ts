import type { Redis } from 'ioredis';
import { budgetKeys } from './budget-keys.ts';
import type { RateBudget } from './rate-budget.ts';
import { rememberedMs } from './remembered-ms.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';
import { useScript } from './use.lua.ts';

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
  /** Requests that wait, in all processes, as each has last told. */
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
  ...waiting: number[],
];

function toState(budget: RateBudget, reply: Reply): BudgetState {
  const [window, minute, day, pausedMs, slowMs, pauseReason, ...waiting] = reply;
  return {
    budget,
    // The last of a window can be on its way when the first of it has just arrived.
    window: Math.min(window, budget.rateLimit.limit),
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
