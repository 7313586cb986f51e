import { batchedInsert, mongooseSchemaOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `<connectionId>/<request key>`. */
  id: z.string(),
  exportId: z.string(),
  takenAt: z.date(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'active_exports' });

/** The record is written right after the claim. If there is none after this time, the process has died in between. */
const insertTimeoutMs = 10_000;

interface Claim {
  readonly key: string;
  readonly exportId: string;
  readonly now: Date;
}

/**
 * `active_exports`: at most one running export per connection and request. The unique `_id` guards
 * this. Every engine and a sharded collection keep it unique, while a unique index over a field that changes is less portable.
 */
export function createActiveExportRepository(options: {
  readonly database: Database;
  /** The collection of the exports or syncs that hold the claims. */
  readonly runs: 'bulk_exports' | 'sync_runs';
}) {
  const { database } = options;
  const model = database.model('ActiveExport', schema);
  const insert = batchedInsert(model);
  const runs = database.collection<{ _id: string; active: boolean }>(options.runs);

  /** @returns undefined if there is no record */
  const hasEnded = async (exportId: string): Promise<boolean | undefined> => {
    const run = await runs.findOne({ _id: exportId }, { projection: { active: 1 } });
    return run ? !run.active : undefined;
  };

  /** @returns the id of the export that holds the claim now, or undefined if another process changed it meanwhile */
  const tryToClaim = async ({ key, exportId, now }: Claim): Promise<string | undefined> => {
    if (await insert({ _id: key, exportId, takenAt: now })) return exportId;
    const holder = await model.findById(key).lean();
    if (!holder) return undefined;
    const ended = (await hasEnded(holder.exportId)) ?? now.getTime() - holder.takenAt.getTime() > insertTimeoutMs;
    if (!ended) return holder.exportId;
    const takeover = await model.updateOne(
      { _id: key, exportId: holder.exportId },
      { $set: { exportId, takenAt: now } },
    );
    // If the export already holds the claim, the update matches but may modify nothing.
    return takeover.matchedCount === 1 ? exportId : undefined;
  };

  return {
    /**
     * Claims the request for an export, also if the export that holds it has ended.
     * @returns the id of the export that holds the claim: `exportId` if it was claimed
     */
    async claim(claim: Claim): Promise<string> {
      let holder: string | undefined;
      while (holder === undefined) holder = await tryToClaim(claim);
      return holder;
    },
  };
}
