import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import { listResourceTypes, prepareResourceTypes, upgradeResources } from '@bulkhead/records';
import { createIndexes, type Database, indexBuild } from '@bulkhead/store';
import type { Connection } from 'mongoose';
import { features } from './features.ts';

/**
 * Creates the collections and indexes that the guide's exports need, so that no download has to create them. Run it at each
 * deployment. A second run changes nothing.
 * @returns how many stored resources had their search keys derived
 */
export async function migrate(options: {
  readonly connection: Connection;
  readonly database: Database;
  /** Repeat what has changed stored resources, because processes of an earlier version may have written since. */
  readonly rederivesKeys: boolean;
}): Promise<{ readonly resources: number }> {
  const { connection, database, rederivesKeys: again } = options;
  await createIndexes(connection);
  // The index from the GridFS specification. The driver would create it during the first upload, and a worker should not wait for it.
  for (const bucketName of Object.values(features).flatMap(({ buckets }) => buckets)) {
    await database
      .collection(`${bucketName}.chunks`)
      .createIndex({ files_id: 1, n: 1 }, { unique: true, ...indexBuild });
  }
  const stored = await listResourceTypes(database);
  const resourceTypes = [...new Set([...standardResourceTypes, ...enhancedResourceTypes, ...stored])];
  await prepareResourceTypes(database, resourceTypes, indexBuild);
  return { resources: await upgradeResources({ database, resourceTypes: stored, again }) };
}
