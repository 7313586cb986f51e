import type { Connection as Database } from 'mongoose';
import { resourceIndexes } from './resource-indexes.ts';

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
