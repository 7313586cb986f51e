import { enhancedResourceTypes } from '@bulkhead/fhir';
import { maxWriteMs } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';

/**
 * Upgrades the documents that earlier versions have stored, each kind once. The database changes each batch by itself, so no resource is
 * read, and workers of any version can run at the same time. A run that was interrupted starts again, and passes quickly over what it has
 * changed.
 */

interface DocumentUpgrade {
  readonly id: string;
  /** Undefined: all types. */
  readonly resourceTypes?: readonly string[];
  readonly filter: object;
  readonly update: object;
}

const documentUpgrades: readonly DocumentUpgrade[] = [
  // Earlier versions stored summaries beside the resources of these types.
  {
    ...{ id: 'summaries', resourceTypes: enhancedResourceTypes },
    ...{ filter: { summary: { $exists: true } }, update: { $unset: { summary: 1 } } },
  },
  // Histories and exports of the store list what has a time of change, so a copy that begins now would miss the others.
  {
    ...{ id: 'change-times', filter: { changedAt: { $exists: false } } },
    update: { $currentDate: { changedAt: { $type: 'timestamp' } } },
  },
];

/** A document with an inline attachment can have megabytes, and a batch is one command. */
const batchSize = 500;

/**
 * @param options.resourceTypes the types that have a collection
 * @param options.again repeats completed upgrades, because a worker of an earlier version may have written since
 */
export async function upgradeDocuments(options: {
  readonly database: Database;
  readonly resourceTypes: readonly string[];
  readonly again: boolean;
}) {
  const { database, again } = options;
  const upgrades = database.collection<{ readonly _id: string; readonly completedAt: Date }>('upgrades');
  for (const upgrade of documentUpgrades) {
    if (!again && (await upgrades.findOne({ _id: upgrade.id }))) continue;
    const types = upgrade.resourceTypes ?? options.resourceTypes;
    for (const resourceType of types) await upgradeType(database, { ...upgrade, resourceType });
    await upgrades.replaceOne({ _id: upgrade.id }, { completedAt: new Date() }, { upsert: true });
  }
}

async function upgradeType(
  database: Database,
  { resourceType, filter, update }: DocumentUpgrade & { readonly resourceType: string },
): Promise<void> {
  const collection = database.collection<{ readonly _id: string }>(resourceType);
  let after = '';
  for (;;) {
    // The index on `_id` has all that this reads.
    const ids = collection.find({ _id: { $gt: after } }, { projection: { _id: 1 } }).sort({ _id: 1 });
    const [last] = await ids
      .skip(batchSize - 1)
      .limit(1)
      .toArray();
    const batch = { $gt: after, ...(last ? { $lte: last._id } : {}) };
    // Readers of changes wait for writes of this length.
    await collection.updateMany({ ...filter, _id: batch }, update, { maxTimeMS: maxWriteMs });
    if (!last) return;
    after = last._id;
  }
}
