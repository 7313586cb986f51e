/** What one client id may send to one environment of a provider. */
export interface RateLimit {
  /** Requests in any `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Requests in any 24 hours. */
  readonly perDay: number;
  /**
   * How long after its grant a request may still arrive at the server: network, a blocked event loop, a new connection.
   * A request counts as arriving that late until its answer says that it was there earlier, so the guard costs nothing
   * where answers are fast, and 7 % of the rate where none comes within it. One that had to make its connection counts from its
   * answer, where that is later.
   */
  readonly guardMs: number;
  /**
   * Where Redis has lost its memory: `wait` for a window and a half, as requests of the last one, and places taken ahead, may still count at the server; `go`
   * where a window is long and few requests are made in it. Left out: `wait`.
   */
  readonly coldStart?: 'wait' | 'go' | undefined;
}

/** The guide's limits: 8 requests a second, up to 16 in 2 s, 100,000 a day. */
export const athenahealthRateLimit: RateLimit = { limit: 16, windowMs: 2000, perDay: 100_000, guardMs: 150 };

/**
 * Of a provider whose registry entry names no limit: more than workers ever send, so it holds nothing back. It is there so that every
 * process hears of a pause that the EHR asks for (429, Retry-After), and operators see it.
 */
export const unstatedRateLimit: RateLimit = {
  limit: 2000,
  windowMs: 2000,
  perDay: 100_000_000,
  guardMs: 150,
  coldStart: 'go',
};

/**
 * athenahealth's rule for new tokens, as a sliding minute, which is stricter than its own. Tokens outlive a loss of Redis
 * (they are in MongoDB), so at a cold start nobody waits a minute for nothing.
 */
export function tokensPerMinute(limit: number): RateLimit {
  return { limit, windowMs: 60_000, perDay: limit * 24 * 60, guardMs: 150, coldStart: 'go' };
}
