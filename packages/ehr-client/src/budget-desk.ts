import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { batchSize } from './batch-size.ts';
import { bookScript } from './book.lua.ts';
import { budgetKeys } from './budget-keys.ts';
import { markField } from './lua-parts.ts';
import type { RateBudget } from './rate-budget.ts';
import { rememberedMs } from './remembered-ms.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';

/** A request that was answered: it has arrived by then. */
export interface Arrival {
  readonly grantId: string;
  /** By Redis' clock, ms. */
  readonly at: number;
}

export interface Answer {
  /** By Redis' clock, ms. */
  readonly now: number;
  readonly reason: string;
  /** When to ask again for those that still wait. */
  readonly waitMs: number;
  readonly places: readonly { readonly grantId: string; readonly waitMs: number }[];
}

/** What a process says to Redis of one budget. */
export interface BudgetDesk {
  /** Takes places for the requests of a priority. */
  book(options: {
    readonly priority: RequestPriority;
    /** Requests that wait for a place, by priority. */
    readonly waiting: readonly number[];
    readonly arrivals: readonly Arrival[];
  }): Promise<Answer>;
  tell(options: {
    readonly arrivals: readonly Arrival[];
    /** Arrivals that can be later than they count as. */
    readonly late: readonly Arrival[];
    /** Grants that are given back. */
    readonly unused: readonly string[];
    /** Whether nothing waits here any more. */
    readonly leavesRow: boolean;
  }): Promise<void>;
}

export function createBudgetDesk(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly budget: RateBudget;
  readonly processId: string;
}): BudgetDesk {
  const { redis, prefix, budget, processId } = options;
  const { limit, windowMs, guardMs, perDay, coldStart } = budget.rateLimit;
  const { state, log, day } = budgetKeys({ prefix, budget });
  const field = markField(processId);
  return {
    async book({ priority, waiting, arrivals }) {
      const name = randomUUID();
      const waitsWhenCold = coldStart === 'go' ? 0 : 1;
      const settings = [limit, windowMs, guardMs, perDay, field, name, requestPriorities.indexOf(priority)];
      const more = [waitsWhenCold, rememberedMs(budget.rateLimit), ...waiting, batchSize(budget.rateLimit)];
      const reply = await bookScript({
        redis,
        keys: [state, log, day],
        args: [...settings, ...more, ...arrivals.flatMap(toPair)],
      });
      const [now, reason, waitMs, ...places] = reply as [string, string, number, ...number[]];
      const grants = places.map((placeMs, index) => ({ grantId: `${name}.${index + 1}`, waitMs: placeMs }));
      return { now: Number(now), reason, waitMs, places: grants };
    },
    async tell({ arrivals, late, unused, leavesRow }) {
      const commands = redis.pipeline();
      if (arrivals.length > 0) commands.zadd(log, 'XX', 'LT', ...arrivals.flatMap(toPair));
      if (late.length > 0) commands.zadd(log, 'XX', 'GT', ...late.flatMap(toPair));
      if (unused.length > 0) commands.zrem(log, ...unused);
      if (leavesRow) commands.hdel(state, field);
      if (commands.length > 0) await commands.exec();
    },
  };
}

function toPair({ grantId, at }: Arrival): [string, string] {
  return [at.toFixed(3), grantId];
}
