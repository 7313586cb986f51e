import type { ApiKeyRepository } from '@bulkhead/access';
import type { SecretBox } from '@bulkhead/encryption';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import { listResourceTypes, prepareResourceTypes, upgradeDocuments, upgradeResources } from '@bulkhead/resources';
import { createIndexes, indexBuild, upgradeEncryptedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';

/**
 * Creates the collections and indexes that the guide's exports need, so that no download has to create them. Run it at each
 * deployment. A second run changes nothing.
 * @returns how many stored resources had their search keys derived
 */
export async function migrate(options: {
  readonly database: Database;
  readonly connections: {
    nameUnnamed(): Promise<void>;
    find(id: string): Promise<{ readonly createdAt: Date } | undefined>;
  };
  readonly apiKeys: Pick<ApiKeyRepository, 'upgrade'>;
  readonly outputFiles: { upgrade(): Promise<void> };
  readonly watermarks: { upgrade(createdAtOf: (connectionId: string) => Promise<Date | undefined>): Promise<void> };
  readonly encryptionKeys: readonly Buffer[];
  readonly secretBox: SecretBox;
  /** Repeat what has changed stored resources, because processes of an earlier version may have written since. */
  readonly rederivesKeys: boolean;
}): Promise<{ readonly resources: number }> {
  const { database, connections, apiKeys, outputFiles, watermarks, rederivesKeys: rederivesAgain } = options;
  await createIndexes(database);
  await connections.nameUnnamed();
  await apiKeys.upgrade();
  await outputFiles.upgrade();
  await watermarks.upgrade(async (connectionId) => (await connections.find(connectionId))?.createdAt);
  // The index from the GridFS specification. The driver would create it during the first upload, and a worker should not wait for it.
  for (const bucketName of ['quarantine', 'document_files']) {
    await database
      .collection(`${bucketName}.chunks`)
      .createIndex({ files_id: 1, n: 1 }, { unique: true, ...indexBuild });
    await upgradeEncryptedFiles({ ...options, bucketName });
  }
  const stored = await listResourceTypes(database);
  const resourceTypes = [...new Set([...standardResourceTypes, ...enhancedResourceTypes, ...stored])];
  await prepareResourceTypes(database, resourceTypes, indexBuild);
  await upgradeDocuments({ database, resourceTypes: stored, again: rederivesAgain });
  return { resources: await upgradeResources({ database, resourceTypes: stored, again: rederivesAgain }) };
}
