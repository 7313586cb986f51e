import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { budgetKeys } from './budget-keys.ts';
import { BudgetQueue } from './budget-queue.ts';
import type { Grant } from './grant.ts';
import type { RateBudget } from './rate-budget.ts';
import { pauseScript, rateLimiterScript, settleScript } from './rate-limiter.lua.ts';
import { readBudgets } from './read-budgets.ts';
import { rememberedMs } from './remembered-ms.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';

/** How much of a budget is used at a moment. */
export interface BudgetUse {
  readonly name: string;
  /** 1: nothing is left. Of the requests in any 24 hours, and in any window. */
  readonly dayRatio: number;
  readonly windowRatio: number;
  /** How long an EHR wants nobody to ask any more. */
  readonly pausedMs: number;
}

export interface RateLimiter {
  /**
   * Resolves when one request may be sent, at once. While Redis is away it waits: nothing goes out unlimited.
   * @throws AppError `daily-budget-used` with the time to wait; the signal's reason when aborted.
   */
  acquire(options: {
    readonly budget: RateBudget;
    readonly priority: RequestPriority;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Grant>;
  /** Stops everyone for a while (429, Retry-After) and halves the rate for a minute afterwards. */
  pause(options: {
    readonly budget: RateBudget;
    readonly pauseMs: number;
    /** Shown to whoever looks on: no address in it. */
    readonly reason: string;
  }): Promise<void>;
  /** Of the budgets that this process has asked for since it started. */
  readUse(): Promise<readonly BudgetUse[]>;
}

/** Long enough to see whether the server has recovered, short enough to cost a minute at half speed. */
const slowAfterPauseMs = 60_000;
/** Servers have sent a Retry-After of hours; asking again after ten minutes costs one request. */
const maxPauseMs = 10 * 60_000;

/** One limiter for every process that shares `redis` and `prefix`; see docs/decisions/0002-sliding-log.md. */
export function createRateLimiter({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): RateLimiter {
  const processId = randomUUID();
  const queues = new Map<string, BudgetQueue>();
  const budgets = new Map<string, RateBudget>();
  const keysOf = (budget: RateBudget) => budgetKeys({ prefix, budget });
  const ask = (budget: RateBudget) => async (priority: RequestPriority, waiting: readonly number[]) => {
    const { limit, windowMs, guardMs, perDay, coldStart } = budget.rateLimit;
    const keys = keysOf(budget);
    const index = requestPriorities.indexOf(priority);
    const grantId = randomUUID();
    const quarantineMs = coldStart === 'go' ? 0 : windowMs + guardMs;
    const remembered = rememberedMs(budget.rateLimit);
    const settings = [limit, windowMs, guardMs, perDay, processId, grantId, index, quarantineMs, remembered];
    const reply = await redis.eval(rateLimiterScript, keys.length, ...keys, ...settings, ...waiting);
    const [granted, waitMs, reason] = reply as [number, number, string];
    return { granted: granted === 1, grantId, waitMs, reason };
  };
  const settle = (budget: RateBudget) => (grantId: string, sent: boolean) => {
    const [, logKey = ''] = keysOf(budget);
    // Not settled, a grant counts as arriving as late as it could: safe, and forgotten with its window.
    redis.eval(settleScript, 1, logKey, grantId, sent ? 'sent' : 'unsent').catch(() => undefined);
  };
  return {
    acquire({ budget, priority, signal }) {
      let queue = queues.get(budget.id);
      if (!queue) {
        const { guardMs } = budget.rateLimit;
        queue = new BudgetQueue({ ask: ask(budget), settle: settle(budget), guardMs });
        queues.set(budget.id, queue);
        budgets.set(budget.id, budget);
      }
      return queue.enter({ priority, signal });
    },
    async pause({ budget, pauseMs, reason }) {
      const [stateKey = ''] = keysOf(budget);
      await redis.eval(pauseScript, 1, stateKey, Math.min(pauseMs, maxPauseMs), slowAfterPauseMs, reason);
    },
    async readUse() {
      const states = await readBudgets({ redis, prefix, budgets: [...budgets.values()] });
      return states.map(({ budget: { name, rateLimit }, window, day, pausedMs }) => {
        return { name, dayRatio: day / rateLimit.perDay, windowRatio: window / rateLimit.limit, pausedMs };
      });
    },
  };
}
