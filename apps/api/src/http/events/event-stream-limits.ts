/** What streams of events cost and take, in one process. */
export const eventStreamLimits = {
  /** How often the records are looked at: what a person sees move, moves by the second. */
  everyMs: 1000,
  /** A look that takes long is made less often, so that a stream keeps the database busy for a fifth of the time. */
  restPerLook: 4,
  /** However long a look takes. Below `heartbeatMs`. */
  longestRestMs: 10_000,
  /** Proxies close what is silent for a minute (nginx, AWS), the server itself after two. */
  heartbeatMs: 15_000,
  /** Then the browser connects anew and shows its key or its session again: one that is revoked or over loses its streams. */
  longestMs: 5 * 60_000,
  /** A page has one or two, a browser holds six to a server over HTTP/1.1; and each costs a look a second. */
  perKey: 20,
};

export type EventStreamLimits = typeof eventStreamLimits;
