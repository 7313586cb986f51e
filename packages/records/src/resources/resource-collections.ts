import { isResourceType } from '@bulkhead/fhir';
import { type Database, maxWriteMs, type Named } from '@bulkhead/store';
import { collections } from './collections.ts';

/**
 * The indexes of a resource collection, by name. Every index slows down every write, so each one has its reason. `toResourceQuery`
 * names the index of a search, and each index ends with the fields that order the pages. (Within a connection `resourceId` is as
 * unique as `_id` and half as long, which is worth 8 % of the write rate with the first four.) Measured on the embedded engine with 20,000
 * Observations of 1 KB: 9,600/s without indexes, 9,500 with the first two, 9,000 with `by-date`, 6,600 with the first four. `by-token`
 * costs the most, because it has five entries per document.
 */
export const resourceIndexes = {
  /** A patient's record in the order in which people read it. Other conditions are checked on the resources of the patient. */
  'by-patient-and-date': { connectionId: 1, 'keys.patient': 1, 'keys.dateStart': 1, resourceId: 1 },
  /** By time of change, for incremental readers and for counting the resources of a connection. */
  'by-last-updated': { connectionId: 1, deleted: 1, lastUpdated: 1, resourceId: 1 },
  /**
   * By date over all patients. The end comes first, because the common search "from a day on" bounds the end: a period that began earlier
   * may still last.
   */
  'by-date': { connectionId: 1, 'keys.dateEnd': 1, 'keys.dateStart': 1, resourceId: 1 },
  /** By code, category and status over all patients: one index on one array instead of three. */
  'by-token': { connectionId: 1, 'keys.tokens': 1, resourceId: 1 },
  /** By the time of storing, for readers who keep a copy. New entries are always last, which costs 3 % of the write rate. */
  'by-changed-at': { connectionId: 1, changedAt: 1 },
  /** The connections with tombstones of a type. It has no entry for a current resource, so it costs their writes nothing that could be measured. */
  tombstones: { connectionId: 1, lastUpdated: 1 },
} as const;

const partial: { readonly [Name in keyof typeof resourceIndexes]?: object } = { tombstones: { deleted: true } };

/**
 * Creates the collections and indexes of resource types; called for the types of a manifest before its files are downloaded.
 * @param options of a migration, which builds indexes of large collections
 */
export async function prepareResourceTypes(
  database: Database,
  resourceTypes: readonly string[],
  options: object = {},
): Promise<void> {
  for (const type of resourceTypes) {
    await database.collection(type).createIndexes(
      Object.entries(resourceIndexes).map(([name, key]) => {
        const partialFilterExpression = partial[name as keyof typeof resourceIndexes];
        return { key: { ...key }, name, ...(partialFilterExpression ? { partialFilterExpression } : {}) };
      }),
      options,
    );
  }
}

/** The resource types that have a collection, in the order of their names. */
export async function listResourceTypes(database: Database): Promise<string[]> {
  return (await database.listCollections()).filter(isResourceType).toSorted();
}

/** The types of which something of a connection was ever stored. A question to each type would read all its resources on the embedded engine. */
interface StoredTypes extends Named {
  readonly types: readonly string[];
}

/** Called before anything of a type is written for a connection. */
export async function noteStoredType(database: Database, connectionId: string, type: string): Promise<void> {
  await database
    .collection<StoredTypes>(collections.storedTypes)
    .updateOne({ _id: connectionId }, { $addToSet: { types: type } }, { upsert: true, maxTimeMS: maxWriteMs });
}

/** In the order of their names. */
export async function listTypesOf(database: Database, connectionId: string): Promise<string[]> {
  const stored = await database.collection<StoredTypes>(collections.storedTypes).findOne({ _id: connectionId });
  return (stored?.types ?? []).toSorted();
}
