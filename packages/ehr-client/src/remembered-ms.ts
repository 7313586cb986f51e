import type { RateLimit } from './rate-limit.ts';

const minuteMs = 60_000;
/** Entries of a log, of some 90 bytes each; athenahealth's has at most 480. */
const longestLog = 6000;

/** How long a budget's log remembers its requests: a minute, where that is not too many to keep for looking on. */
export function rememberedMs({ limit, windowMs }: Pick<RateLimit, 'limit' | 'windowMs'>): number {
  return (limit * minuteMs) / windowMs > longestLog ? windowMs : Math.max(windowMs, minuteMs);
}
