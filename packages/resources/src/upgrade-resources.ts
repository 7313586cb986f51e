import { extractSearchKeys, type Resource, searchKeysVersion, summarize } from '@bulkhead/fhir';
import { decodeExactNumbers, type NumberText } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { fitsInDocument, type ResourceDocument } from './resource-document.ts';

/**
 * Derives the search keys and summaries of stored resources again after a release derives them differently. An export would not:
 * it writes nothing that did not change at the EHR. The upgrade walks one type after the other in the order of ids and stores how
 * far it got after every batch, so an interrupted run continues there. It can run beside workers: an update is guarded by the
 * revision that it read, and a version that a worker has written meanwhile has keys of its own.
 */

/** Indexes from before resources could be searched. */
const formerIndexes = ['by-patient', 'by-change'];
/** As a download writes them: see `file-batch.ts` of the worker. */
const batchSize = 125;

type StoredDocument = ResourceDocument & { readonly revision: number };

/** `upgrades`: how far each upgrade of stored data got. */
interface UpgradeProgress {
  readonly _id: string;
  readonly version: number;
  /** The type that is walked, and the last of its ids that is done. */
  readonly resourceType?: string;
  readonly after?: string;
  readonly completedAt?: Date;
}

const upgradeId = 'search-keys';

/**
 * @param options.resourceTypes whose collections are there
 * @param options.again also if the upgrade to this version has completed: an older worker may have written since
 * @returns the number of resources that were looked at
 */
export async function upgradeResources(options: {
  readonly database: Database;
  readonly resourceTypes: readonly string[];
  readonly again: boolean;
}): Promise<number> {
  const { database, resourceTypes, again } = options;
  const upgrades = database.collection<UpgradeProgress>('upgrades');
  const known = await upgrades.findOne({ _id: upgradeId });
  const isCurrent = known?.version === searchKeysVersion;
  if (isCurrent && known.completedAt && !again) return 0;
  const start = isCurrent && !known.completedAt ? known : { _id: upgradeId, version: searchKeysVersion };
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
    const batch = await collection
      .find({ _id: { $gt: after }, deleted: false })
      .sort({ _id: 1 })
      .limit(batchSize)
      .toArray();
    if (batch.length > 0) await collection.bulkWrite(batch.map(toUpdate) as never[], { ordered: false });
    count += batch.length;
    after = batch.at(-1)?._id ?? after;
    if (batch.length < batchSize) break;
    await save(after);
  }
  const names = (await collection.indexes()).map(({ name }) => name ?? '');
  for (const name of names.filter((one) => formerIndexes.includes(one))) await collection.dropIndex(name);
  return count;
}

function toUpdate(document: StoredDocument): object {
  const { _id, revision, numberTexts } = document;
  const resource = decodeExactNumbers(document.resource, numberTexts as NumberText[] | undefined) as Resource;
  const keys = extractSearchKeys(resource);
  const summary = summarize(resource);
  // Decoded in place, an exact number counts for a little more here than in the database: the safe side of the limit.
  const keepsSummary =
    summary !== undefined && fitsInDocument({ ...document, keys, summary }, Number.POSITIVE_INFINITY);
  return { updateOne: { filter: { _id, revision }, update: { $set: { keys, ...(keepsSummary ? { summary } : {}) } } } };
}
