import type { AppError } from '@bulkhead/base';
import type { Provider } from '@bulkhead/ehr/providers';
import type { BulkExport, EarlierExports, PollReason } from './bulk-export.record.ts';
import { exportError } from './errors.ts';
import type { BulkExportDeps } from './export-deps.ts';

/** Servers have sent a `Retry-After` of 5 h and an epoch timestamp. An export that is ready should not wait that long. */
export const maxPollDelayMs = 10 * 60_000;

/** Clocks that NTP keeps differ by less than this. */
const clockToleranceMs = 60_000;

const hourMs = 60 * 60_000;
/** The interval is this part of the time that the EHR has taken so far, so its end is noticed at most that much later. */
const partOfAge = 1 / 30;
/** An export that has taken half a day may be noticed later. */
const maxIntervalMs = { usual: 5 * 60_000, afterHalfDay: maxPollDelayMs };

/** When the next status request is due, and when that was decided. Both are by the clock of the worker that decided it. */
export interface PollPlan {
  readonly notBefore: Date;
  readonly plannedAt: Date;
}

export function planPoll({ now, waitMs }: { readonly now: Date; readonly waitMs: number }): PollPlan {
  return { notBefore: new Date(now.getTime() + waitMs), plannedAt: now };
}

/**
 * Whether a status request is due. A plan with a future `plannedAt` is ignored: a clock that was ahead made it, and has been corrected since.
 * @param options.tickMs the interval of the poll job. A wait that we chose ends up to half a tick early, because it begins after the server
 *   has responded: an interval of 30 s would otherwise miss its tick and last 60 s. A wait that the EHR asked for is never shortened.
 */
export function isPollDue(
  { notBefore, plannedAt, pollReason = 'retry-after' }: Partial<PollPlan> & { readonly pollReason?: PollReason },
  { now, tickMs }: { readonly now: Date; readonly tickMs: number },
): boolean {
  if (!notBefore) return true;
  const isFromWrongClock = plannedAt !== undefined && plannedAt.getTime() > now.getTime() + clockToleranceMs;
  if (isFromWrongClock) return true;
  const earlyMs = pollReason === 'retry-after' ? 0 : tickMs / 2;
  return now.getTime() + earlyMs >= notBefore.getTime();
}

/** The shortest and the longest wait between two status requests. */
export interface PollBounds {
  readonly floorMs: number;
  readonly ceilingMs: number;
}

/** What the provider says goes before the poll interval of the workers, and that before the usual maximum. */
export function pollBounds({ poll = {} }: Pick<Provider, 'poll'>, pollIntervalMs: number): PollBounds {
  const { minSeconds, maxSeconds = Number.POSITIVE_INFINITY } = poll;
  const floorMs = minSeconds === undefined ? Math.min(pollIntervalMs, maxSeconds * 1000) : minSeconds * 1000;
  return { floorMs, ceilingMs: Math.max(poll.maxSeconds === undefined ? maxPollDelayMs : maxSeconds * 1000, floorMs) };
}

interface PollTimes extends PollBounds {
  /** The server's Retry-After. Undefined if it sent none that is usable. */
  readonly retryAfterMs?: number | undefined;
  /** How long the EHR has been exporting. */
  readonly ageMs: number;
  readonly earlier?: EarlierExports | undefined;
}

/**
 * How long to wait before the next status request. The server's Retry-After decides, at least our interval and at most the maximum
 * (FHIR Bulk Data, "Response - In-Progress Status"). Without it
 *
 *   age of the export                     interval                                 so the end is noticed at most
 *   under 15 minutes                      the poll interval                        30 s late
 *   up to 12 hours                        a thirtieth of the age, up to 5 minutes  5 minutes late
 *   above                                 10 minutes                               10 minutes late
 *   before the end can be expected        the age, up to 10 minutes                10 minutes late, or as late as it took
 */
export function pollDelay(times: PollTimes): { readonly waitMs: number; readonly reason: PollReason } {
  const { retryAfterMs, floorMs, ceilingMs, ageMs, earlier } = times;
  if (retryAfterMs !== undefined)
    return { waitMs: pollWaitDelay({ afterMs: retryAfterMs, ...times }), reason: 'retry-after' };
  const longestMs = ageMs >= 12 * hourMs ? maxIntervalMs.afterHalfDay : maxIntervalMs.usual;
  const byAgeMs = Math.max(Math.min(ageMs * partOfAge, longestMs, ceilingMs), floorMs);
  const untilExpectedMs = earliestEndMs(earlier) - ageMs;
  const byUsualMs = Math.min(ageMs, ceilingMs, untilExpectedMs);
  if (byUsualMs > byAgeMs) return { waitMs: byUsualMs, reason: 'usual' };
  return { waitMs: byAgeMs, reason: byAgeMs > floorMs ? 'age' : 'interval' };
}

/** Before this time an export is not expected to end. One export shows little of the next one, so only half of its time counts. */
function earliestEndMs(earlier: EarlierExports | undefined): number {
  if (!earlier) return 0;
  return earlier.shortestMs * (earlier.runs === 1 ? 1 / 2 : 3 / 4);
}

/** How long to wait before the next status request if the EHR or the budget asks to wait. */
export function pollWaitDelay({ afterMs, floorMs, ceilingMs }: PollBounds & { readonly afterMs: number }): number {
  return Math.min(Math.max(afterMs, floorMs), ceilingMs);
}

/** How long to wait before the next status request after consecutive transient failures. */
export function pollErrorDelay({ errorsInARow, ...bounds }: PollBounds & { readonly errorsInARow: number }): number {
  return pollWaitDelay({ afterMs: bounds.floorMs * 2 ** Math.min(errorsInARow, 10), ...bounds });
}

/**
 * Runs the polls of one export on a simulated clock, by the rules that workers apply: every tick asks whether a status request is due.
 * The EHR sends no Retry-After.
 */
export function simulatePolls(options: {
  readonly durationMs: number;
  readonly earlier?: EarlierExports | undefined;
  readonly tickMs?: number;
}): { readonly polls: number; readonly lateMs: number } {
  const { durationMs, earlier, tickMs = 30_000 } = options;
  const kickedOffAt = Date.UTC(2024, 0, 1);
  let plan: Parameters<typeof isPollDue>[0] = planPoll({ now: new Date(kickedOffAt), waitMs: tickMs });
  let polls = 0;
  for (let ageMs = tickMs; ; ageMs += tickMs) {
    const now = new Date(kickedOffAt + ageMs);
    if (!isPollDue(plan, { now, tickMs })) continue;
    polls += 1;
    if (ageMs >= durationMs) return { polls, lateMs: ageMs - durationMs };
    const { waitMs, reason } = pollDelay({ ...pollBounds({}, tickMs), ageMs, earlier });
    plan = { ...planPoll({ now, waitMs }), pollReason: reason };
  }
}

/** How often status requests of an export may be sent. */
export function boundsOf(
  { ehr, pollIntervalMs }: BulkExportDeps<never>,
  { provider }: Pick<BulkExport, 'provider'>,
): PollBounds {
  return pollBounds(ehr.provider(provider), pollIntervalMs);
}

/** Servers that answer from several processes, and object stores, know what is new everywhere after some seconds. */
const notThereMs = { 'export-not-there-yet': 10 * 60_000, 'file-not-there-yet': 5 * 60_000 } as const;

/**
 * The error that asks again for what the EHR has named shortly before and now answers with 404.
 * @param options.since when it was named. Undefined if it was seen since
 * @returns undefined if it must be there by now, or the answer was another one
 */
export function notThereYet(
  { status, context, ehrText }: Pick<AppError, 'context' | 'ehrText'> & { readonly status: number },
  options: { readonly code: keyof typeof notThereMs; readonly since: Date | undefined; readonly now: Date },
): AppError | undefined {
  const { code, since, now } = options;
  const isNew = since !== undefined && now.getTime() - since.getTime() < notThereMs[code];
  return isNew && status === 404 ? exportError(code, { context, ehrText }) : undefined;
}
