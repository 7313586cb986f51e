import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import type { Model } from 'mongoose';

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

/** A cancelled download ends within this time, even if the server sends nothing. Each check is one read by id. */
const checkEveryMs = 2000;

/**
 * Runs a download with a signal that is aborted when `signal` is aborted or when `claim` is lost. A claim is lost if the export
 * was cancelled or another attempt has taken over.
 */
export async function whileHeld<Claim, Result>(options: {
  readonly claims: { readonly isHeld: (claim: Claim) => Promise<boolean> };
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<Result>;
}): Promise<Result | 'lost'> {
  const { claims, claim, signal, run } = options;
  const lost = new AbortController();
  const timer = setInterval(() => {
    claims.isHeld(claim).then(
      (held) => held || lost.abort(new Error('the claim was lost')),
      // The database is unavailable. The download notices this at its next write.
      () => undefined,
    );
  }, checkEveryMs);
  try {
    return await run(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (lost.signal.aborted && !signal.aborted) return 'lost';
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** The driver already waits for a server (30 s by default), so this only spaces the attempts after that. */
const waitMs = 500;

/**
 * Repeats a write for as long as MongoDB is unavailable, full or broken. Use it for data that only this process has and that
 * cannot be requested again.
 * @throws the last error once `signal` is aborted, and any AppError.
 */
export async function untilStored<Result>(write: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      // An AppError is a decision of our own code, so a retry would end in the same way.
      if (signal.aborted || error instanceof AppError) throw error;
      await setTimeout(waitMs);
    }
  }
}

/**
 * Counts active runs, and runs that have ended since `endedSince`. This takes two index scans, no matter how many older runs
 * are stored.
 */
export async function countByPhase(
  model: Pick<Model<unknown>, 'aggregate'>,
  endedSince: Date,
): Promise<ReadonlyMap<string, number>> {
  const count = (filter: object) =>
    model.aggregate<{ readonly _id: string; readonly count: number }>([
      { $match: filter },
      { $group: { _id: '$phase', count: { $sum: 1 } } },
    ]);
  const groups = await Promise.all([
    count({ active: true }),
    count({ completedAt: { $gte: endedSince }, active: false }),
  ]);
  return new Map(groups.flat().map(({ _id, count }) => [_id, count]));
}
