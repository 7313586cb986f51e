import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createBudgetDesk } from './budget-desk.ts';
import { budgetKeys } from './budget-keys.ts';
import { BudgetQueue } from './budget-queue.ts';
import type { Grant } from './grant.ts';
import { listenToPauses } from './listen-to-pauses.ts';
import { pauseScript } from './pause.lua.ts';
import type { RateBudget } from './rate-budget.ts';
import { readBudgets } from './read-budgets.ts';
import type { RequestPriority } from './request-priority.ts';

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
  /** Requests that still wait will not be answered any more. */
  close(): void;
}

/** Long enough to see whether the server has recovered, short enough to cost a minute at half speed. */
const slowAfterPauseMs = 60_000;
/** Servers have sent a Retry-After of hours; asking again after ten minutes costs one request. */
const maxPauseMs = 10 * 60_000;

/** One limiter for every process that shares `redis` and `prefix`; see docs/decisions/0002-sliding-log.md. */
export function createRateLimiter({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): RateLimiter {
  const processId = randomUUID();
  const queues = new Map<string, { readonly queue: BudgetQueue; readonly budget: RateBudget }>();
  const pauses = listenToPauses({ redis });
  const queueOf = (budget: RateBudget): BudgetQueue => {
    const known = queues.get(budget.id);
    if (known) return known.queue;
    const desk = createBudgetDesk({ redis, prefix, budget, processId });
    const queue = new BudgetQueue({ desk, rateLimit: budget.rateLimit });
    queues.set(budget.id, { queue, budget });
    pauses.listen(budgetKeys({ prefix, budget }).state, () => queue.giveBack());
    return queue;
  };
  return {
    acquire: ({ budget, priority, signal }) => queueOf(budget).enter({ priority, signal }),
    async pause({ budget, pauseMs, reason }) {
      const { state } = budgetKeys({ prefix, budget });
      await pauseScript({ redis, keys: [state], args: [Math.min(pauseMs, maxPauseMs), slowAfterPauseMs, reason] });
    },
    async readUse() {
      const budgets = [...queues.values()].map(({ budget }) => budget);
      const states = await readBudgets({ redis, prefix, budgets });
      return states.map(({ budget: { name, rateLimit }, window, day, pausedMs }) => {
        return { name, dayRatio: day / rateLimit.perDay, windowRatio: window / rateLimit.limit, pausedMs };
      });
    },
    close() {
      for (const { queue } of queues.values()) queue.close();
      pauses.close();
    },
  };
}
