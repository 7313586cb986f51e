import type { RateLimit } from './rate-limit.ts';

/** Who shares a rate: a provider's environment and a client id (athenahealth counts per client id, so practices share it). */
export interface RateBudget {
  readonly id: string;
  /** What metrics call it: without the client id that may be in its id. */
  readonly name: string;
  readonly rateLimit: RateLimit;
}
