import type { Collection, Connection as Database } from 'mongoose';

/** The types of mongoose and of the driver name the same fields. */
type IndexDescriptions = Parameters<Collection['createIndexes']>[0];

/** The options of a migration, which waits for the answer until the index is built: hours for a large collection. */
export const indexBuild = { socketTimeoutMS: 24 * 60 * 60_000 } as object;

/** Creates the indexes of the collections of all repositories that were created on a database. A second time changes nothing. */
export async function createIndexes(database: Database): Promise<void> {
  for (const name of database.modelNames()) {
    const { collection, schema } = database.model(name);
    const indexes = schema.indexes().map(([key, options]) => ({ ...options, key })) as IndexDescriptions;
    // The model would send a command for each index, and the whole migration would take twice the time.
    if (indexes.length > 0) await collection.createIndexes(indexes, indexBuild);
  }
}
