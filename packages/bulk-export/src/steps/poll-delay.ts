/** Servers have sent 5 h and an epoch timestamp; an export that is ready should not wait for such an answer. */
export const maxPollDelayMs = 10 * 60_000;

/** More than a clock is ever off that is kept by NTP. */
const clockToleranceMs = 60_000;

/** When the next status request is due, and when that was decided: both by the clock of the worker that decided it. */
export interface PollPlan {
  readonly notBefore: Date;
  readonly plannedAt: Date;
}

export function planPoll({ now, waitMs }: { readonly now: Date; readonly waitMs: number }): PollPlan {
  return { notBefore: new Date(now.getTime() + waitMs), plannedAt: now };
}

/**
 * Whether it is time for a status request. A plan that was made in the future was made by a clock that was ahead and has
 * been set right since: it does not count.
 */
export function isPollDue({ notBefore, plannedAt }: Partial<PollPlan>, now: Date): boolean {
  if (!notBefore || now >= notBefore) return true;
  return plannedAt !== undefined && plannedAt.getTime() > now.getTime() + clockToleranceMs;
}

/**
 * How long to wait before the next status request: the server's Retry-After is the minimum, our interval the floor, both
 * capped (FHIR Bulk Data, "Response - In-Progress Status").
 * @param retryAfterMs what the server asked for; undefined where it sent nothing usable.
 */
export function pollDelay(options: { readonly retryAfterMs?: number | undefined; readonly floorMs: number }): number {
  return Math.min(Math.max(options.retryAfterMs ?? 0, options.floorMs), Math.max(maxPollDelayMs, options.floorMs));
}

/** The wait before the next status request after failures in a row that may pass. */
export function pollErrorDelay(options: { readonly errorsInARow: number; readonly floorMs: number }): number {
  const { errorsInARow, floorMs } = options;
  return pollDelay({ retryAfterMs: floorMs * 2 ** Math.min(errorsInARow, 10), floorMs });
}
