import { extractSearchKeys, type Resource, searchKeysVersion } from '@bulkhead/fhir';
import { type Database, writeUnordered } from '@bulkhead/store';
import { decodeExactNumbers, type NumberText } from '@bulkhead/store/bson';
import { collections } from '../collections.ts';
import type { ResourceDocument } from '../version/resource-document.ts';

/**
 * Derives the search keys of stored resources again, after a release that derives them differently. Exports do not do this, because they
 * write only resources that have changed at the EHR. The upgrade goes through the types, and through each type in the order of ids. It
 * stores its progress after every batch, so an interrupted run continues there. Workers can run at the same time: an update is
 * conditional on the revision that it read, and a version that a worker has written meanwhile has its own keys.
 */

/** As large as the batches of a download. See `file-batch.ts`. */
const batchSize = 125;

type StoredDocument = ResourceDocument & { readonly revision: number };

/** `upgrades`: the progress of each upgrade of stored data. */
interface UpgradeProgress {
  readonly _id: string;
  readonly version: number;
  /** Whether this run repeats an upgrade. */
  readonly again?: boolean;
  /** The current type, and its last upgraded id. */
  readonly resourceType?: string;
  readonly after?: string;
  readonly completedAt?: Date;
}

const upgradeId = 'search-keys';

/**
 * @param options.resourceTypes the types that have a collection
 * @param options.again repeats an upgrade to this version, even an interrupted one, because an older worker may have written since
 * @returns the number of resources that were processed
 */
export async function upgradeResources(options: {
  readonly database: Database;
  readonly resourceTypes: readonly string[];
  readonly again: boolean;
}): Promise<number> {
  const { database, resourceTypes, again } = options;
  const upgrades = database.collection<UpgradeProgress>(collections.upgrades);
  const upgrade = await upgrades.findOne({ _id: upgradeId });
  const isCurrent = upgrade?.version === searchKeysVersion;
  if (isCurrent && upgrade.completedAt && !again) return 0;
  const isInterrupted = isCurrent && !upgrade.completedAt && (!again || upgrade.again === true);
  const start = isInterrupted ? upgrade : { _id: upgradeId, version: searchKeysVersion, again };
  await upgrades.replaceOne({ _id: upgradeId }, start, { upsert: true });
  const { resourceType: reached = '', after = '' } = start as UpgradeProgress;
  let count = 0;
  for (const resourceType of resourceTypes.toSorted().filter((type) => type >= reached)) {
    count += await upgradeType({
      database,
      resourceType,
      after: resourceType === reached ? after : '',
      save: async (last) => {
        await upgrades.updateOne({ _id: upgradeId }, { $set: { resourceType, after: last } });
      },
    });
  }
  await upgrades.updateOne({ _id: upgradeId }, { $set: { completedAt: new Date() } });
  return count;
}

async function upgradeType(options: {
  readonly database: Database;
  readonly resourceType: string;
  readonly after: string;
  readonly save: (last: string) => Promise<void>;
}): Promise<number> {
  const { database, resourceType, save } = options;
  const collection = database.collection<StoredDocument>(resourceType);
  let { after } = options;
  let count = 0;
  for (;;) {
    const updates: object[] = [];
    const batch = collection
      .find({ _id: { $gt: after }, deleted: false })
      .sort({ _id: 1 })
      .limit(batchSize);
    for await (const document of batch) {
      updates.push(toUpdate(document));
      after = document._id;
    }
    if (updates.length > 0) await writeUnordered(collection, updates);
    count += updates.length;
    if (updates.length < batchSize) break;
    await save(after);
  }
  return count;
}

function toUpdate(document: StoredDocument): object {
  const { _id, revision, numberTexts } = document;
  const resource = decodeExactNumbers(document.resource, numberTexts as NumberText[] | undefined) as Resource;
  return { updateOne: { filter: { _id, revision }, update: { $set: { keys: extractSearchKeys(resource) } } } };
}
