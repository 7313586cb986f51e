import { STATUS_CODES } from 'node:http';
import { present } from '@bulkhead/base';
import type { AxiosResponse } from 'axios';
import { parseRetryAfter, retryAfterOf } from './answer-rules.ts';

/** The EHR's rate limits according to a response. Contains no text that the EHR chose. */
export interface LimitHeaders {
  readonly retryAfterSeconds?: number;
  readonly rateLimitLimit?: number | string;
  readonly rateLimitRemaining?: number | string;
  readonly rateLimitReset?: number | string;
}

export function limitHeadersOf(response: AxiosResponse | undefined): LimitHeaders {
  const retryAfterMs = retryAfterOf(response);
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
    numberOrInstant(response?.headers[`x-ratelimit-${name}`]),
  );
  const retryAfterSeconds = retryAfterMs === undefined ? undefined : Math.round(retryAfterMs / 1000);
  return present({ retryAfterSeconds, rateLimitLimit: limit, rateLimitRemaining: remaining, rateLimitReset: reset });
}

/** Allows a timestamp in milliseconds. */
const shortNumber = /^\d{1,13}(\.\d{1,3})?$/;
/** `Date.parse` alone would read a number from any text. */
const dates = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/,
];

/** @returns a number, or an instant in a normalized form, or undefined for any other text */
function numberOrInstant(value: unknown): number | string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (shortNumber.test(text)) return Number(text);
  if (!dates.some((pattern) => pattern.test(text))) return undefined;
  const instantMs = Date.parse(text);
  return Number.isNaN(instantMs) ? undefined : new Date(instantMs).toISOString();
}

/**
 * How long a budget is used up, by the headers that the integration guide names: `X-RateLimit-Remaining` and `X-RateLimit-Reset` (a
 * wait or an instant). Nothing depends on these headers, because a server without them answers with 429 instead.
 * @returns milliseconds, or undefined if requests remain or the headers do not say
 */
export function usedUpMs(headers: Readonly<Record<string, string | undefined>>, now: Date): number | undefined {
  if (headers['x-ratelimit-remaining']?.trim() !== '0') return undefined;
  return parseRetryAfter({ value: headers['x-ratelimit-reset'], now });
}

/** A counter that is reset later than this is not that of a window of seconds. */
const longestWindowMs = 60 * 60_000;

/**
 * The requests of a day that an EHR allows, if its headers say so. athenahealth sends such a header, whose name it does not publish: a name with
 * `limit` and `day` counts, and the guide's `X-RateLimit-Limit` if its reset is more than an hour away. The names are matched without regard to case.
 */
export function statedDayLimit(headers: Readonly<Record<string, string | undefined>>, now: Date): number | undefined {
  const names = Object.keys(headers);
  const ofDay = names.find(
    (name) => /limit/i.test(name) && /day|daily/i.test(name) && !/remaining|reset|left|used/i.test(name),
  );
  const reset = headers['x-ratelimit-reset'];
  const resetMs = reset === undefined ? undefined : parseRetryAfter({ value: reset, now });
  const value = headers[ofDay ?? (resetMs !== undefined && resetMs > longestWindowMs ? 'x-ratelimit-limit' : '')];
  return typeof value === 'string' && /^\s*[1-9]\d{0,9}\s*$/.test(value) ? Number(value) : undefined;
}

/** The reason of a pause in standard words for the status, because the EHR's own words could contain anything. */
export function pauseReason(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}
