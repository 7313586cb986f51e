/*
 * Two attempts can hold the same job: BullMQ gives a job to another worker if the first one does not renew its lock in time, and a sweep
 * recreates jobs. MongoDB decides which attempt may write, in one of two ways:
 *
 * - A claim (this file) is for work that can be continued: a file, a document, the searches of a step. The newest attempt always gets the
 *   claim and continues at the last checkpoint. Every write of an attempt is conditional on its claim, so an older attempt stops at its next
 *   write.
 * - A lease (leases.ts) is for a request that must not be sent twice, such as a kick-off. The newest attempt does not get it until the
 *   other one has released it, or has not renewed it in time.
 */

import type { UpdateQuery } from 'mongoose';
import type { Database } from '../connection/database.ts';

/** Names one attempt at the work of one record. */
export interface Claim {
  readonly id: string;
  readonly claim: string;
}

/** The fields of a record that can be claimed. */
interface Claimable {
  readonly _id: string;
  readonly state: string;
  readonly claim?: string;
  readonly attempts: number;
}

/** @param options.running the state of a record that an attempt works on. A record in one of `unsettled` can be claimed. */
export function createClaims<Document extends Claimable>(options: {
  readonly database: Database;
  readonly collection: string;
  readonly running: Document['state'];
  readonly unsettled: readonly Document['state'][];
}) {
  const { running, unsettled } = options;
  // The driver's collection, because its writes take less time than those of a model and every small file makes two.
  const collection = options.database.collection<Claimable>(options.collection);
  const heldFilter = ({ id, claim }: Claim) => ({ _id: id, claim, state: running });
  const ofUnsettled = (filter: object) => ({ ...filter, state: { $in: [...unsettled] } });
  return {
    /** Makes `claim` the only attempt that may write. @returns undefined if the record is settled */
    async take({ id, claim }: Claim, { $set, $min }: Pick<UpdateQuery<Document>, '$set' | '$min'> = {}) {
      const change = { $set: { ...$set, state: running, claim }, $inc: { attempts: 1 }, ...($min && { $min }) };
      const document = await collection.findOneAndUpdate(ofUnsettled({ _id: id }), change as object, {
        returnDocument: 'after',
      });
      return (document as Document | null) ?? undefined;
    },

    /** @returns false if the record was cancelled or another attempt has taken over. Then nothing is written, and the attempt must stop. */
    async update(claim: Claim, update: UpdateQuery<Document>): Promise<boolean> {
      return (await collection.updateOne(heldFilter(claim), update as object)).matchedCount === 1;
    },

    /** Returns false if the record was cancelled or another attempt has taken over. */
    async isHeld(claim: Claim): Promise<boolean> {
      return (await collection.findOne(heldFilter(claim), { projection: { _id: 1 } })) !== null;
    },

    /** Settles all unsettled records that match, whichever attempt holds them. @returns how many */
    async settleAll(filter: object, { $set, $unset }: Pick<UpdateQuery<Document>, '$set' | '$unset'>): Promise<number> {
      const change = { $set, $unset: { ...$unset, claim: 1 } };
      return (await collection.updateMany(ofUnsettled(filter), change as object)).matchedCount;
    },
  };
}

/** A cancelled download ends within this time, even if the server sends nothing. Each check is one read by id. */
const checkEveryMs = 2000;

/**
 * Runs a download with a signal that is aborted when `signal` is aborted or when `claim` is lost. A claim is lost if the export
 * was cancelled or another attempt has taken over.
 */
export async function whileHeld<Result>(options: {
  readonly claims: { readonly isHeld: (claim: Claim) => Promise<boolean> };
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<Result>;
}): Promise<Result | 'lost'> {
  const { claims, claim, signal, run } = options;
  const lost = new AbortController();
  const timer = setInterval(() => {
    claims.isHeld(claim).then(
      (isHeld) => isHeld || lost.abort(new Error('the claim was lost')),
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
