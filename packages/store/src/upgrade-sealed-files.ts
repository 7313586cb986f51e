import type { Connection as Database } from 'mongoose';
import type { SecretBox } from './secret-box.ts';

/**
 * Earlier versions encrypted files directly with the key of the deployment. This migration stores that key as the file's own
 * key, so it must run while that key is still the current one.
 */
export async function upgradeSealedFiles(options: {
  readonly database: Database;
  readonly bucketName: string;
  readonly encryptionKey: Buffer;
  readonly secretBox: SecretBox;
}): Promise<void> {
  const { database, bucketName, encryptionKey, secretBox } = options;
  const files = database.collection<{ _id: string }>(`${bucketName}.files`);
  const filter = { 'metadata.sealedKey': { $exists: false } };
  for await (const { _id } of files.find(filter, { projection: { _id: 1 } })) {
    const sealedKey = secretBox.seal({ plaintext: encryptionKey, owner: _id });
    await files.updateOne({ _id, ...filter }, { $set: { metadata: { sealedKey } } });
  }
}
