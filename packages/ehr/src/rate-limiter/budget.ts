/** The limits for the requests of one client id to one environment of a provider. */
export interface RateLimit {
  /** Requests in any `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Requests in any 24 hours. */
  readonly perDay: number;
  /**
   * How long after its grant a request may still arrive at the server: the network, a blocked event loop, a new connection. A
   * request counts as arriving that late until its answer proves an earlier arrival. The guard therefore costs nothing if answers
   * are fast, and 7 % of athenahealth's rate if every answer takes longer. A request that opened a connection counts from its
   * answer if that is later than the guard.
   */
  readonly guardMs: number;
  /**
   * What to do after Redis lost its memory. `wait` (the default) sends nothing for a window and a half, because requests of the
   * last window, and reserved slots, may still count at the server. `go` is for long windows with few requests.
   */
  readonly coldStart?: 'wait' | 'go' | undefined;
}

/** The requests that share a rate. athenahealth counts per environment and client id, so all practices of a client share it. */
export interface RateBudget {
  readonly id: string;
  /** The name in metrics. It leaves out the client id. */
  readonly name: string;
  readonly rateLimit: RateLimit;
}

/** Most urgent first. A user waits for an interactive request, an export waits for a poll, and a download can wait. */
export const requestPriorities = ['interactive', 'poll', 'kick-off', 'download', 'crawl'] as const;
export type RequestPriority = (typeof requestPriorities)[number];

/**
 * Which part of the day's requests each priority may use. Near the end of a day, work that is ready goes before questions whether other
 * work is ready: first requests by people, then files of finished exports, then polls, then everything that starts new work.
 */
export const dayShares: Readonly<Record<RequestPriority, number>> = {
  interactive: 1,
  download: 0.99,
  poll: 0.95,
  'kick-off': 0.94,
  crawl: 0.94,
};

/** How many requests of a day a priority may use. */
export function dayAllowance({ perDay }: Pick<RateLimit, 'perDay'>, priority: RequestPriority): number {
  return Math.ceil(perDay * dayShares[priority]);
}

/** The right to send one request, now. */
export interface Grant {
  /**
   * Call this when the answer has arrived. From then on the request counts as arrived, not as arriving.
   * @param options.madeConnection the request opened a connection (name lookup, handshake, key exchange), so it may have arrived
   *   later than the guard allows, but not later than its answer
   */
  settle(options?: { readonly madeConnection: boolean }): void;
}

/** After this many slots for more urgent requests, one goes to a less urgent one, so that none starves. */
export const urgentInARow = 7;

/** How many slots a process reserves at once: a quarter of the limit, so that four other processes get slots in the same window. */
export function batchSize({ limit }: { readonly limit: number }): number {
  return Math.max(1, Math.floor(limit / 4));
}

const minuteMs = 60_000;
/** Entries of a log, of about 90 bytes each. athenahealth's log has at most 480. */
const longestLog = 6000;

/** How long a budget's log remembers its requests: a minute for monitoring, unless that would be too many entries. */
export function logMemoryMs({ limit, windowMs }: Pick<RateLimit, 'limit' | 'windowMs'>): number {
  return (limit * minuteMs) / windowMs > longestLog ? windowMs : Math.max(windowMs, minuteMs);
}

/** A budget's three keys in Redis. The hash tag keeps them on one node of a cluster. */
export function budgetKeys({ prefix, budget }: { readonly prefix: string; readonly budget: RateBudget }) {
  const base = `${prefix}:rate:{${budget.id}}`;
  return { state: `${base}:state`, log: `${base}:log`, day: `${base}:day` };
}
