import { enhancedResourceTypes } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';

/**
 * Removes the field `summary`, which earlier versions stored beside the resources of five types, once. The database changes each batch by
 * itself, so no resource is read. Nothing else of a document changes, so workers of any version can run at the same time. A run that was
 * interrupted starts again, and passes quickly over what it has changed.
 */

/** A document with an inline attachment can have megabytes, and a batch is one command. */
const batchSize = 500;
const upgradeId = 'summaries';

/** @param options.again repeats a completed removal, because a worker of an earlier version may have written since */
export async function removeSummaries(options: { readonly database: Database; readonly again: boolean }) {
  const { database, again } = options;
  const upgrades = database.collection<{ readonly _id: string; readonly completedAt: Date }>('upgrades');
  if (!again && (await upgrades.findOne({ _id: upgradeId }))) return;
  for (const resourceType of enhancedResourceTypes) await removeFromType(database, resourceType);
  await upgrades.replaceOne({ _id: upgradeId }, { completedAt: new Date() }, { upsert: true });
}

async function removeFromType(database: Database, resourceType: string): Promise<void> {
  const collection = database.collection<{ readonly _id: string; readonly summary?: unknown }>(resourceType);
  let after = '';
  for (;;) {
    // The index on `_id` has all that this reads.
    const ids = collection.find({ _id: { $gt: after } }, { projection: { _id: 1 } }).sort({ _id: 1 });
    const [last] = await ids
      .skip(batchSize - 1)
      .limit(1)
      .toArray();
    const batch = { $gt: after, ...(last ? { $lte: last._id } : {}) };
    await collection.updateMany({ _id: batch, summary: { $exists: true } }, { $unset: { summary: 1 } });
    if (!last) return;
    after = last._id;
  }
}
