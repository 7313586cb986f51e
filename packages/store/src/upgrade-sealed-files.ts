import type { Connection as Database } from 'mongoose';
import type { SecretBox } from './secret-box.ts';

/**
 * Files of an earlier version were sealed with the deployment's key itself, which becomes their own key here. So it has to
 * run while that key is still the current one.
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
