/** What one client id may send to one environment of a provider. */
export interface RateLimit {
  /** Requests in any `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Requests in any 24 hours. */
  readonly perDay: number;
  /**
   * Added to the window: two requests can lie closer together at the server than their grants did, by as much as the
   * network, the event loop and the server's accept queue delayed the first one more than the second.
   */
  readonly guardMs: number;
}

/** The guide's limits: 8 requests a second, up to 16 in 2 s, 100,000 a day. */
export const athenahealthRateLimit: RateLimit = { limit: 16, windowMs: 2000, perDay: 100_000, guardMs: 50 };
