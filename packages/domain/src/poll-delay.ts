/** Servers have sent 5 h and an epoch timestamp; an export that is ready should not wait for such an answer. */
export const maxPollDelayMs = 10 * 60_000;

/**
 * Whether it is time for a status request. A wait that is longer than one is ever set comes from a clock that was ahead and
 * has been set right since, and does not count.
 */
export function isPollDue(options: {
  readonly notBefore: Date | undefined;
  readonly now: Date;
  readonly floorMs: number;
}): boolean {
  const { notBefore, now, floorMs } = options;
  const waitMs = (notBefore?.getTime() ?? 0) - now.getTime();
  return waitMs <= 0 || waitMs > Math.max(maxPollDelayMs, floorMs);
}

/**
 * How long to wait before the next status request: the server's Retry-After is the minimum, our interval the floor, both
 * capped (FHIR Bulk Data, "Response - In-Progress Status").
 * @param retryAfterMs what the server asked for; undefined where it sent nothing usable.
 */
export function pollDelay(options: { readonly retryAfterMs?: number | undefined; readonly floorMs: number }): number {
  return Math.min(Math.max(options.retryAfterMs ?? 0, options.floorMs), Math.max(maxPollDelayMs, options.floorMs));
}

/** Wait before try number `errorsInARow + 1` of a status request that failed in a way that may pass. */
export function pollErrorDelay(options: {
  readonly errorsInARow: number;
  readonly retryAfterMs?: number | undefined;
  readonly floorMs: number;
}): number {
  const { errorsInARow, retryAfterMs, floorMs } = options;
  return pollDelay({ retryAfterMs: Math.max(retryAfterMs ?? 0, floorMs * 2 ** Math.min(errorsInARow, 10)), floorMs });
}
