import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  batchSize,
  budgetKeys,
  dayAllowance,
  logMemoryMs,
  type RateBudget,
  type RateLimit,
  type RequestPriority,
  requestPriorities,
} from './budget.ts';
import { createRedisScript, dayBuckets, waitingField } from './redis-script.ts';
import { reserveScript } from './reserve.lua.ts';

/**
 * Removes grants that were not used from the log and from the day. A grant that is not in the log is not counted back, so a report that
 * is repeated counts once, and a grant that the log no longer knows stays counted.
 * KEYS  as of `reserveScript`
 * ARGV  the grants
 */
const giveBackScript = createRedisScript(`
${dayBuckets}
for _, grant in ipairs(ARGV) do
  local latest = redis.call('ZSCORE', KEYS[2], grant)
  if latest then
    redis.call('ZREM', KEYS[2], grant)
    if redis.call('HEXISTS', KEYS[3], bucketOf(latest)) == 1 then
      redis.call('HINCRBY', KEYS[3], bucketOf(latest), -1)
      redis.call('HINCRBY', KEYS[1], 'dayTotal', -1)
    end
  end
end
`);

/** The time by which an answered request has certainly arrived. */
export interface Arrival {
  readonly grantId: string;
  /** Redis' clock, ms. */
  readonly at: number;
}

export interface Reservation {
  /** Redis' clock, ms. */
  readonly now: number;
  readonly reason: string;
  /** When to ask again for the requests that still wait. */
  readonly waitMs: number;
  readonly slots: readonly { readonly grantId: string; readonly waitMs: number }[];
}

/** The commands that a process sends to Redis about one budget. */
export interface BudgetClient {
  /** Reserves slots for requests of one priority. */
  reserve(options: {
    readonly priority: RequestPriority;
    /** How many requests wait for a slot, by priority. */
    readonly waiting: readonly number[];
    readonly arrivals: readonly Arrival[];
  }): Promise<Reservation>;
  report(options: {
    readonly arrivals: readonly Arrival[];
    /** Arrivals that may be later than the log says. */
    readonly late: readonly Arrival[];
    /** Grants that were not used. */
    readonly unused: readonly string[];
    /** Whether this process has no waiting requests left. */
    readonly leavesQueue: boolean;
  }): Promise<void>;
}

export function createBudgetClient(options: {
  readonly redis: Redis;
  readonly prefix: string;
  readonly budget: RateBudget;
  /** The limits as they are now. Default: those of the budget. */
  readonly rateLimit?: () => RateLimit;
  readonly processId: string;
  /** The requests of a day, which can be fewer than those of the budget. */
  readonly perDay?: () => number;
}): BudgetClient {
  const { redis, prefix, budget, processId } = options;
  const { rateLimit: current = () => budget.rateLimit, perDay = () => current().perDay } = options;
  const { state, log, day } = budgetKeys({ prefix, budget });
  const keys = [state, log, day];
  const field = waitingField(processId);
  return {
    async reserve({ priority, waiting, arrivals }) {
      const name = randomUUID();
      const rateLimit = current();
      const { limit, windowMs, guardMs, coldStart } = rateLimit;
      const waitsWhenCold = coldStart === 'go' ? 0 : 1;
      const allowance = dayAllowance({ perDay: perDay() }, priority);
      const settings = [limit, windowMs, guardMs, allowance, field, name, requestPriorities.indexOf(priority)];
      const more = [waitsWhenCold, logMemoryMs(rateLimit), ...waiting, batchSize(rateLimit)];
      const reply = await reserveScript({
        redis,
        keys,
        args: [...settings, ...more, ...arrivals.flatMap(toPair)],
      });
      const [now, reason, waitMs, ...slots] = reply as [string, string, number, ...number[]];
      const grants = slots.map((slotMs, index) => ({ grantId: `${name}.${index + 1}`, waitMs: slotMs }));
      return { now: Number(now), reason, waitMs, slots: grants };
    },
    async report({ arrivals, late, unused, leavesQueue }) {
      const commands = redis.pipeline();
      if (arrivals.length > 0) commands.zadd(log, 'XX', 'LT', ...arrivals.flatMap(toPair));
      if (late.length > 0) commands.zadd(log, 'XX', 'GT', ...late.flatMap(toPair));
      if (leavesQueue) commands.hdel(state, field);
      const isGivenBack = unused.length > 0 && giveBackScript({ redis, keys, args: unused });
      await Promise.all([commands.length > 0 && commands.exec(), isGivenBack]);
    },
  };
}

function toPair({ grantId, at }: Arrival): [string, string] {
  return [at.toFixed(3), grantId];
}
