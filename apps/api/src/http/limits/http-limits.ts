/** What a client may take of a process: slow ones, silent ones, and those that send too much. As `http.createServer` has them. */
export const httpLimits = {
  /** Cookies, tokens and a long search fit into half of it. */
  maxHeaderSize: 16 * 1024,
  /** Headers are one packet or two. */
  headersTimeout: 15_000,
  /** The largest body, a corrected line of 10 MB, over a line of 1 Mbit/s. */
  requestTimeout: 120_000,
  /** How often the two are looked at. */
  connectionsCheckingInterval: 5000,
  /** Longer than load balancers keep their idle connections (60 s), so that none is closed under a request of theirs. */
  keepAliveTimeout: 65_000,
  /** Neither reads nor writes for this long: whoever does not read their stream holds a cursor open. */
  idleTimeout: 120_000,
};

export type HttpLimits = typeof httpLimits;
