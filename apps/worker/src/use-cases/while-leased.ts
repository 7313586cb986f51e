import { randomUUID } from 'node:crypto';
import type { Store } from '@bulkhead/store';

/** Short, so that the next worker need not wait long where this one was killed; renewed while it lives. */
const leaseMs = 15_000;
const renewEveryMs = 5000;

/**
 * Runs one step of an export that nobody else may do at the same time. The lease is the attempt's, not the job's: two
 * workers can hold the same job.
 * @returns false where another attempt has the lease; then `run` was not called.
 */
export async function whileLeased(options: {
  readonly bulkExports: Store['bulkExports'];
  readonly exportId: string;
  readonly run: () => Promise<void>;
}): Promise<boolean> {
  const { bulkExports, exportId: id, run } = options;
  const owner = randomUUID();
  const lease = { id, owner, durationMs: leaseMs };
  if (!(await bulkExports.takeLease(lease))) return false;
  const timer = setInterval(() => {
    // While the database is away the lease runs out for everybody, and nobody can take it.
    bulkExports.extendLease(lease).catch(() => undefined);
  }, renewEveryMs);
  try {
    await run();
  } finally {
    clearInterval(timer);
    await bulkExports.releaseLease({ id, owner }).catch(() => undefined);
  }
  return true;
}
