import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';

/** Creates what the guide's exports need, so that no download has to. Runs once at deployment; running it again changes nothing. */
export async function migrate(database: Database): Promise<void> {
  for (const name of database.modelNames()) await database.model(name).createIndexes();
  // As the GridFS specification has it; the driver makes it at the first upload, which a worker should not wait for.
  await database.collection('quarantine.chunks').createIndex({ files_id: 1, n: 1 }, { unique: true });
  await prepareResourceTypes({ database, resourceTypes: [...standardResourceTypes, ...enhancedResourceTypes] });
}

/** Creates the collections and indexes of resource types; called for a manifest's types before its files are downloaded. */
export async function prepareResourceTypes(options: {
  readonly database: Database;
  readonly resourceTypes: readonly string[];
}): Promise<void> {
  const { database, resourceTypes } = options;
  for (const type of resourceTypes) {
    await database.collection(type).createIndexes([
      // By patient, the order in which people read a record.
      { key: { connectionId: 1, 'keys.patient': 1, 'keys.date': -1 }, name: 'by-patient' },
      // By change, for incremental readers and counts of one connection.
      { key: { connectionId: 1, deleted: 1, lastUpdated: 1 }, name: 'by-change' },
    ]);
  }
}
