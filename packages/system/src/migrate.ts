import type { ApiKeyRepository } from '@bulkhead/access';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import { listResourceTypes, prepareResourceTypes, upgradeResources } from '@bulkhead/resources';
import type { SecretBox } from '@bulkhead/store';
import { upgradeSealedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';

/**
 * Creates what the guide's exports need, so that no download has to. Runs once at deployment; running it again changes nothing.
 * @returns how many stored resources had their search keys derived
 */
export async function migrate(options: {
  readonly database: Database;
  readonly apiKeys: Pick<ApiKeyRepository, 'upgrade'>;
  readonly outputFiles: { upgrade(): Promise<void> };
  readonly encryptionKey: Buffer;
  readonly secretBox: SecretBox;
  /** Derives the search keys of every stored resource, although a run of this version has done so. */
  readonly rederivesKeys: boolean;
}): Promise<{ readonly resources: number }> {
  const { database, apiKeys, outputFiles, rederivesKeys: again } = options;
  for (const name of database.modelNames()) await database.model(name).createIndexes();
  await apiKeys.upgrade();
  await outputFiles.upgrade();
  // As the GridFS specification has it; the driver makes it at the first upload, which a worker should not wait for.
  for (const bucketName of ['quarantine', 'document_files']) {
    await database.collection(`${bucketName}.chunks`).createIndex({ files_id: 1, n: 1 }, { unique: true });
    await upgradeSealedFiles({ ...options, bucketName });
  }
  const stored = await listResourceTypes(database);
  const resourceTypes = [...new Set([...standardResourceTypes, ...enhancedResourceTypes, ...stored])];
  await prepareResourceTypes({ database, resourceTypes });
  return { resources: await upgradeResources({ database, resourceTypes: stored, again }) };
}
