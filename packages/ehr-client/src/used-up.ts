import { parseRetryAfter } from './retry-after.ts';

/**
 * How long nothing remains of a budget, by the headers that the integration guide names (`X-RateLimit-Remaining`, `-Reset`: a
 * wait or an instant). Nothing depends on them: a server that sends others, or none, answers 429 instead.
 * @returns milliseconds; undefined where something remains, or nothing is said of it
 */
export function usedUpMs(options: {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}): number | undefined {
  const { headers, now } = options;
  if (headers['x-ratelimit-remaining']?.trim() !== '0') return undefined;
  return parseRetryAfter({ value: headers['x-ratelimit-reset'], now });
}
