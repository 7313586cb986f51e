import type { AxiosResponse } from 'axios';

/**
 * Reads `Retry-After` (RFC 9110 10.2.3: seconds or an HTTP-date). Servers also send fractions, negative numbers and Unix
 * timestamps; what cannot be a wait is undefined, never NaN.
 * @returns milliseconds, at least 0.
 */
export function parseRetryAfter({ value, now }: { readonly value: unknown; readonly now: Date }): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    if (seconds < 0) return undefined;
    // More than a year of seconds is a timestamp (in seconds or milliseconds), not a wait.
    if (seconds < 365 * 86_400) return seconds * 1000;
    return untilInstant(seconds > 1e11 ? seconds : seconds * 1000, now);
  }
  return untilInstant(Date.parse(value), now);
}

function untilInstant(instantMs: number, now: Date): number | undefined {
  return Number.isNaN(instantMs) ? undefined : Math.max(instantMs - now.getTime(), 0);
}

/** How long an answer asks to wait, ms. */
export function retryAfterOf(response: AxiosResponse | undefined): number | undefined {
  return parseRetryAfter({ value: response?.headers['retry-after'], now: new Date() });
}
