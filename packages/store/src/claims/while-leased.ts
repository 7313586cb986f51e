import { randomUUID } from 'node:crypto';

/** Short, so that the next worker need not wait long where this one was killed; renewed while it lives. */
const leaseMs = 15_000;
const renewEveryMs = 5000;

interface Lease {
  readonly id: string;
  readonly owner: string;
  readonly durationMs: number;
}

/** Where leases are kept. */
export interface Leases {
  takeLease(lease: Lease): Promise<boolean>;
  extendLease(lease: Lease): Promise<unknown>;
  releaseLease(lease: Omit<Lease, 'durationMs'>): Promise<unknown>;
}

/**
 * Runs one step of an export that nobody else may do at the same time. The lease is the attempt's, not the job's: two
 * workers can hold the same job.
 * @returns false where another attempt has the lease; then `run` was not called.
 */
export async function whileLeased(options: {
  readonly leases: Leases;
  readonly exportId: string;
  readonly run: () => Promise<void>;
}): Promise<boolean> {
  const { leases, exportId: id, run } = options;
  const owner = randomUUID();
  const lease = { id, owner, durationMs: leaseMs };
  if (!(await leases.takeLease(lease))) return false;
  const timer = setInterval(() => {
    // While the database is away the lease runs out for everybody, and nobody can take it.
    leases.extendLease(lease).catch(() => undefined);
  }, renewEveryMs);
  try {
    await run();
  } finally {
    clearInterval(timer);
    await leases.releaseLease({ id, owner }).catch(() => undefined);
  }
  return true;
}
