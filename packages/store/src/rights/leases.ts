import { randomUUID } from 'node:crypto';
import type { Database } from '../connection/database.ts';

/** One attempt's right to do a step that must not be done twice at the same time. */
export interface Lease {
  /** Of the record. */
  readonly id: string;
  readonly owner: string;
  readonly durationMs: number;
}

export type Leases = ReturnType<typeof createLeases>;

/**
 * Leases on the records of a collection, in their field `lease`. A lease ends by the clock of the database, because the clocks of workers may
 * differ. claims.ts says when to use a claim instead.
 */
export function createLeases({ database, collection }: { readonly database: Database; readonly collection: string }) {
  const records = database.collection<{ _id: string }>(collection);
  const set = async (filter: object, { owner, durationMs }: Omit<Lease, 'id'>): Promise<boolean> => {
    const until = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: durationMs } };
    return (await records.updateOne(filter, [{ $set: { lease: { owner, until } } }])).matchedCount === 1;
  };
  return {
    /** @param filter what else must hold for the record. @returns false while another owner has the lease */
    take({ id, ...lease }: Lease, filter: object = {}): Promise<boolean> {
      const hasEnded = { $expr: { $lte: ['$lease.until', '$$NOW'] } };
      return set({ ...filter, _id: id, $or: [{ lease: null }, hasEnded] }, lease);
    },

    /** Does nothing if the lease has another owner or none: an extension that arrives after the release must not take the lease again. */
    extend: ({ id, ...lease }: Lease): Promise<boolean> => set({ _id: id, 'lease.owner': lease.owner }, lease),

    async release({ id, owner }: Pick<Lease, 'id' | 'owner'>): Promise<void> {
      await records.updateOne({ _id: id, 'lease.owner': owner }, { $unset: { lease: 1 } });
    },
  };
}

/** Short, so that another worker can soon take over if this one was killed. A running worker renews its lease. */
const durationMs = 15_000;
const renewEveryMs = 5000;

/**
 * Runs a step that must not run twice at the same time. The lease belongs to the attempt, not to the job, because two workers can hold the
 * same job.
 * @returns false if another attempt has the lease. In that case `run` was not called.
 */
export async function whileLeased(options: {
  readonly leases: Leases;
  readonly id: string;
  readonly run: () => Promise<void>;
}): Promise<boolean> {
  const { leases, id, run } = options;
  const lease = { id, owner: randomUUID(), durationMs };
  if (!(await leases.take(lease))) return false;
  const timer = setInterval(() => {
    // If the database is unavailable, the lease expires, but no other attempt can take it either.
    leases.extend(lease).catch(() => undefined);
  }, renewEveryMs);
  try {
    await run();
  } finally {
    clearInterval(timer);
    await leases.release(lease).catch(() => undefined);
  }
  return true;
}
