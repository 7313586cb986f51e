/** Servers have sent a `Retry-After` of 5 h and an epoch timestamp. An export that is ready should not wait that long. */
export const maxPollDelayMs = 10 * 60_000;

/** Clocks that NTP keeps differ by less than this. */
const clockToleranceMs = 60_000;

/** When the next status request is due, and when that was decided. Both are by the clock of the worker that decided it. */
export interface PollPlan {
  readonly notBefore: Date;
  readonly plannedAt: Date;
}

export function planPoll({ now, waitMs }: { readonly now: Date; readonly waitMs: number }): PollPlan {
  return { notBefore: new Date(now.getTime() + waitMs), plannedAt: now };
}

/**
 * Whether a status request is due. A plan that was made in the future comes from a clock that was ahead and has been corrected since.
 * It is ignored.
 */
export function isPollDue({ notBefore, plannedAt }: Partial<PollPlan>, now: Date): boolean {
  if (!notBefore || now >= notBefore) return true;
  return plannedAt !== undefined && plannedAt.getTime() > now.getTime() + clockToleranceMs;
}

/**
 * How long to wait before the next status request: at least the server's Retry-After and our interval, and not longer than the maximum
 * (FHIR Bulk Data, "Response - In-Progress Status").
 * @param options.retryAfterMs the server's Retry-After. Undefined if it sent none that is usable
 */
export function pollDelay(options: { readonly retryAfterMs?: number | undefined; readonly floorMs: number }): number {
  return Math.min(Math.max(options.retryAfterMs ?? 0, options.floorMs), Math.max(maxPollDelayMs, options.floorMs));
}

/** How long to wait before the next status request after consecutive transient failures. */
export function pollErrorDelay(options: { readonly errorsInARow: number; readonly floorMs: number }): number {
  const { errorsInARow, floorMs } = options;
  return pollDelay({ retryAfterMs: floorMs * 2 ** Math.min(errorsInARow, 10), floorMs });
}
