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
   * where answers are fast, and 7 % of the rate where none comes within it.
   */
  readonly guardMs: number;
}

/** The guide's limits: 8 requests a second, up to 16 in 2 s, 100,000 a day. */
export const athenahealthRateLimit: RateLimit = { limit: 16, windowMs: 2000, perDay: 100_000, guardMs: 150 };
