import { batchedInsert, idsBelow, mongooseSchemaOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `<connectionId>/<request key>`. */
  id: z.string(),
  /** The id of the export or the sync run. */
  exportId: z.string(),
  takenAt: z.date(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'active_exports' });

/** The record is written right after the claim. If there is none after this time, the process has died in between. */
const insertTimeoutMs = 10_000;

interface Claim {
  readonly key: string;
  readonly runId: string;
  readonly now: Date;
}

/** The claims of a connection. */
export const runClaimsOf = {
  collection: 'active_exports',
  kind: 'activeExports',
  ofConnection: (connectionId: string) => ({ _id: idsBelow(connectionId) }),
} as const;

/**
 * `active_exports`: at most one running export or sync per connection and request. The unique `_id` guards
 * this. Every engine and a sharded collection keep it unique, while a unique index over a field that changes is less portable.
 */
export class RunClaimRepository {
  private readonly isActive;
  private readonly model;
  private readonly insert;

  constructor(options: {
    readonly database: Database;
    /** Reads whether a run is active. Undefined if it has no record. */
    readonly isActive: (runId: string) => Promise<boolean | undefined>;
  }) {
    const { database, isActive } = options;
    this.isActive = isActive;
    this.model = database.model('ActiveExport', schema);
    this.insert = batchedInsert(this.model);
  }

  /**
   * Claims the request for a run, also if the run that holds it has ended.
   * @returns the id of the run that holds the claim: `runId` if it was claimed
   */
  async claim(claim: Claim): Promise<string> {
    let holder: string | undefined;
    while (holder === undefined) holder = await this.tryToClaim(claim);
    return holder;
  }

  /** Frees the request of a run whose record was deleted. */
  async release({ key, runId }: Omit<Claim, 'now'>): Promise<void> {
    await this.model.deleteOne({ _id: key, exportId: runId });
  }

  /** @returns the id of the run that holds the claim now, or undefined if another process changed it meanwhile */
  private async tryToClaim({ key, runId, now }: Claim): Promise<string | undefined> {
    if (await this.insert({ _id: key, exportId: runId, takenAt: now })) return runId;
    const holder = await this.model.findById(key).lean();
    if (!holder) return undefined;
    const isHeld =
      (await this.isActive(holder.exportId)) ?? now.getTime() - holder.takenAt.getTime() <= insertTimeoutMs;
    if (isHeld) return holder.exportId;
    const change = { $set: { exportId: runId, takenAt: now } };
    const takeover = await this.model.updateOne({ _id: key, exportId: holder.exportId }, change);
    // If the run already holds the claim, the update matches but may modify nothing.
    return takeover.matchedCount === 1 ? runId : undefined;
  }
}
