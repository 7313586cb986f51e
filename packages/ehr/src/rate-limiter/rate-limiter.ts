import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Redis } from 'ioredis';
import { budgetKeys, type Grant, type RateBudget, type RequestPriority } from './budget.ts';
import { createBudgetClient } from './budget-client.ts';
import { readBudgets } from './read-budgets.ts';
import { clock, createRedisScript } from './redis-script.ts';
import { WaitQueue } from './wait-queue.ts';

/**
 * Pauses all processes. They are notified on the channel that is named after the state key, and give their reserved slots back. A
 * shorter pause neither ends a longer one nor replaces its reason.
 * KEYS  1 state
 * ARGV  1 pause, ms  2 for how long the rate stays halved afterwards, ms  3 reason
 */
const pauseScript = createRedisScript(`
${clock}
local wanted, before = now + tonumber(ARGV[1]), tonumber(redis.call('HGET', KEYS[1], 'pausedUntil')) or 0
local paused = math.max(before, wanted)
redis.call('HSET', KEYS[1], 'pausedUntil', exact(paused), 'slowUntil', exact(paused + tonumber(ARGV[2])))
if wanted >= before then redis.call('HSET', KEYS[1], 'pauseReason', ARGV[3]) end
redis.call('PUBLISH', KEYS[1], 'paused')
return math.ceil(paused - now)
`);

/** How much of a budget is used at a moment. */
export interface BudgetUse {
  readonly name: string;
  /** 1: nothing is left of the last 24 hours, or of the last window. */
  readonly dayRatio: number;
  readonly windowRatio: number;
  /** How much longer the EHR wants no requests. */
  readonly pausedMs: number;
}

export interface RateLimiter {
  /**
   * Resolves when one request may be sent, which must happen immediately. While Redis is unavailable it waits, so no request is sent
   * without a limit.
   * @throws AppError `daily-budget-used` or `rate-paused` with the time to wait; the signal's reason if aborted.
   */
  acquire(options: {
    readonly budget: RateBudget;
    readonly priority: RequestPriority;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Grant>;
  /** Stops every process for a while (429, Retry-After) and halves the rate for a minute afterwards. */
  pause(options: {
    readonly budget: RateBudget;
    readonly pauseMs: number;
    /** Shown to operators. It must not contain an address. */
    readonly reason: string;
  }): Promise<void>;
  /**
   * Lowers the requests of a day to what the EHR states. It never raises them, because a header can be about something else. Each process
   * learns it from its own responses, again after a restart.
   */
  learnDayLimit(options: { readonly budget: RateBudget; readonly perDay: number }): void;
  /** Reads the budgets that this process has used since it started. */
  readUse(): Promise<readonly BudgetUse[]>;
  /** Stops. Requests that still wait are never granted. */
  close(): void;
}

/** Long enough to find out whether the server has recovered. It costs only a minute at half the rate. */
const slowAfterPauseMs = 60_000;
/** Servers have sent a Retry-After of hours. A request after ten minutes finds out whether it still applies. */
const maxPauseMs = 10 * 60_000;

/** One limiter for all processes that share `redis` and `prefix`. The README of this package explains how it works. */
export function createRateLimiter({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): RateLimiter {
  const processId = randomUUID();
  const queues = new Map<string, { readonly queue: WaitQueue; budget: RateBudget }>();
  const pauses = new PauseSubscriber(redis);
  const learned = new Map<string, number>();
  const perDayOf = ({ id, rateLimit: { perDay } }: RateBudget) => Math.min(perDay, learned.get(id) ?? perDay);
  const queueOf = (budget: RateBudget): WaitQueue => {
    const existing = queues.get(budget.id);
    if (existing) {
      // The operator has changed the limits. Slots that were reserved by the earlier ones are given back.
      if (!isDeepStrictEqual(existing.budget.rateLimit, budget.rateLimit)) {
        existing.budget = budget;
        existing.queue.releaseReserved();
      }
      return existing.queue;
    }
    const current = () => queues.get(budget.id)?.budget.rateLimit ?? budget.rateLimit;
    const perDay = () => perDayOf(queues.get(budget.id)?.budget ?? budget);
    const client = createBudgetClient({ redis, prefix, budget, rateLimit: current, processId, perDay });
    const queue = new WaitQueue({ client, rateLimit: current });
    queues.set(budget.id, { queue, budget });
    pauses.subscribe(budgetKeys({ prefix, budget }).state, () => queue.releaseReserved());
    return queue;
  };
  return {
    acquire: ({ budget, priority, signal }) => queueOf(budget).enter({ priority, signal }),
    async pause({ budget, pauseMs, reason }) {
      const { state } = budgetKeys({ prefix, budget });
      await pauseScript({ redis, keys: [state], args: [Math.min(pauseMs, maxPauseMs), slowAfterPauseMs, reason] });
    },
    learnDayLimit({ budget, perDay }) {
      if (perDay < perDayOf(budget)) learned.set(budget.id, perDay);
    },
    async readUse() {
      const budgets = [...queues.values()].map(({ budget }) => budget);
      const states = await readBudgets({ redis, prefix, budgets });
      return states.map(({ budget, window, day, pausedMs }) => {
        const { name, rateLimit } = budget;
        return { name, dayRatio: day / perDayOf(budget), windowRatio: window / rateLimit.limit, pausedMs };
      });
    },
    close() {
      for (const { queue } of queues.values()) queue.close();
      pauses.close();
    },
  };
}

/**
 * Receives pauses on a separate connection, because a subscribed connection accepts no other commands. If that connection is down,
 * this process still uses the slots that it has reserved, which are a few requests within the next half window.
 */
class PauseSubscriber {
  readonly #redis: Redis;
  readonly #listeners = new Map<string, () => void>();
  #connection: Redis | undefined;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  subscribe(channel: string, listener: () => void): void {
    this.#listeners.set(channel, listener);
    this.#connection ??= this.#connect();
    // ioredis subscribes again after it lost the connection.
    this.#connection.subscribe(channel).catch(() => undefined);
  }

  close(): void {
    this.#connection?.disconnect();
  }

  #connect(): Redis {
    // Subscriptions made while Redis is unavailable are sent when it is back.
    const connection = this.#redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    // It reconnects by itself, and the main connection reports the same errors.
    connection.on('error', () => undefined);
    connection.on('message', (channel: string) => this.#listeners.get(channel)?.());
    return connection;
  }
}
