import { randomUUID } from 'node:crypto';

/** Short, so that another worker can soon take over if this one was killed. A running worker renews its lease. */
const leaseMs = 15_000;
const renewEveryMs = 5000;

interface Lease {
  readonly id: string;
  readonly owner: string;
  readonly durationMs: number;
}

/** Stores leases. */
export interface Leases {
  takeLease(lease: Lease): Promise<boolean>;
  extendLease(lease: Lease): Promise<unknown>;
  releaseLease(lease: Omit<Lease, 'durationMs'>): Promise<unknown>;
}

/**
 * Runs a step of an export that must not run twice at the same time. The lease belongs to the attempt, not to the job, because
 * two workers can hold the same job.
 * @returns false if another attempt has the lease. In that case `run` was not called.
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
    // If the database is unavailable, the lease expires, but no other attempt can take it either.
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
