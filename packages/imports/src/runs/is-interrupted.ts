import { isStoreUnavailable } from '@bulkhead/store';

/**
 * Whether an attempt was aborted, or has met an outage of the database. Then nothing has failed at the EHR: nothing is noted, and the job does
 * not lose an attempt.
 */
export function isInterrupted({ signal, error }: { readonly signal: AbortSignal; readonly error: unknown }): boolean {
  return signal.aborted || isStoreUnavailable(error);
}
