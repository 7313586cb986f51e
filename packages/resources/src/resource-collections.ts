import { isResourceType } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';

/**
 * The indexes of a resource collection, by name. Each costs every write, so each has its reason; `toResourceQuery` names the
 * one that it walks, and all end in what orders its pages. (`resourceId` says within a connection what `_id` does, at half the
 * length: 8 % of the write rate with all four.) Measured on the embedded engine, 20,000 Observations of 1 KB: with none 9,600/s,
 * with the first two 9,500, with `by-date` 9,000, with all four 6,600; what costs is `by-token`, five entries a document.
 */
export const resourceIndexes = {
  /** A patient's record in the order in which people read it; whatever else is asked for is looked for among its resources. */
  'by-patient-and-date': { connectionId: 1, 'keys.patient': 1, 'keys.dateStart': 1, resourceId: 1 },
  /** By change, for incremental readers and for counting what a connection has. */
  'by-last-updated': { connectionId: 1, deleted: 1, lastUpdated: 1, resourceId: 1 },
  /**
   * By date over all patients. The end stands first since "from a day on", the common question, bounds it: a period that
   * began earlier may still go on.
   */
  'by-date': { connectionId: 1, 'keys.dateEnd': 1, 'keys.dateStart': 1, resourceId: 1 },
  /** By code, category and status over all patients: one index on one array instead of three. */
  'by-token': { connectionId: 1, 'keys.tokens': 1, resourceId: 1 },
} as const;

/** Creates the collections and indexes of resource types; called for a manifest's types before its files are downloaded. */
export async function prepareResourceTypes(options: {
  readonly database: Database;
  readonly resourceTypes: readonly string[];
}): Promise<void> {
  const { database, resourceTypes } = options;
  for (const type of resourceTypes) {
    await database
      .collection(type)
      .createIndexes(Object.entries(resourceIndexes).map(([name, key]) => ({ key: { ...key }, name })));
  }
}

/** The resource types that have a collection, in the order of their names. */
export async function listResourceTypes(database: Database): Promise<string[]> {
  const collections = (await database.db?.listCollections({}, { nameOnly: true }).toArray()) ?? [];
  return collections
    .map(({ name }) => name)
    .filter(isResourceType)
    .toSorted();
}
