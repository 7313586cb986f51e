import { AppError } from '@bulkhead/base';
import { encryptedPrefix, type SecretBox } from '@bulkhead/base/encryption';
import type { Database } from '../connection/database.ts';

export type EncryptedField = ReturnType<typeof createEncryptedField>;

/**
 * A field of a collection that holds encrypted values. A key rotation processes each of these fields.
 * @param options.ownerOf returns the owner that the values of a record are bound to.
 */
export function createEncryptedField(options: {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly collection: string;
  readonly field: string;
  readonly ownerOf: (recordId: string) => string;
}) {
  const { database, secretBox, collection, field, ownerOf } = options;
  const records = () => database.collection<{ _id: string }>(collection);
  const prefix = encryptedPrefix(secretBox.currentKeyId);
  // Two ranges around the current key's prefix. They match strings only, so records without the field are not included.
  const outdated = { $or: [{ [field]: { $lt: `${prefix}.` } }, { [field]: { $gte: `${prefix}/` } }] };

  const encrypt = (recordId: string, plaintext: string | Buffer) =>
    secretBox.encrypt({ plaintext: Buffer.from(plaintext as string), owner: ownerOf(recordId) });
  const decrypt = (recordId: string, encrypted: string) => secretBox.decrypt({ encrypted, owner: ownerOf(recordId) });

  const encryptAgain = async (recordId: string, encrypted: string): Promise<boolean> => {
    const plaintext = decryptOrSkip(() => decrypt(recordId, encrypted));
    if (!plaintext) return false;
    // The filter includes the old value, so a value that another process has stored in the meantime is not overwritten.
    const { modifiedCount } = await records().updateOne(
      { _id: recordId, [field]: encrypted },
      { $set: { [field]: encrypt(recordId, plaintext) } },
    );
    return modifiedCount === 1;
  };

  return {
    collection,
    field,
    /** Encrypts a value of the record with this id. */
    encrypt,
    /** @throws AppError `secret-unreadable`, see `SecretBox` */
    decrypt,
    /** Counts the values that are not encrypted with the current key. */
    countOutdated: () => records().countDocuments(outdated),
    /** Encrypts those values with the current key. @returns how many values it encrypted. */
    async reencrypt() {
      let count = 0;
      for await (const record of records().find(outdated, { projection: { [field]: 1 } })) {
        if (await encryptAgain(record._id, valueAt(record, field))) count++;
      }
      return count;
    },
  };
}

/** A value that none of our keys decrypts must not prevent the rotation of all others. `countOutdated` counts it. */
function decryptOrSkip(decrypt: () => Buffer): Buffer | undefined {
  try {
    return decrypt();
  } catch (error) {
    if (error instanceof AppError && error.code === 'secret-unreadable') return undefined;
    throw error;
  }
}

function valueAt(record: object, path: string): string {
  let value: unknown = record;
  for (const name of path.split('.')) value = (value as Record<string, unknown>)[name];
  return String(value);
}
