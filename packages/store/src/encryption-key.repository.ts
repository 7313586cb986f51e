import { AppError } from '@bulkhead/runtime';
import { type Connection as Database, Schema } from 'mongoose';
import type { SecretBox } from './secret-box.ts';

interface EncryptionKeyDocument {
  /** The key's id. */
  readonly _id: string;
  /** A known text, encrypted. It proves that a key is the right one, because different keys can have the same id. */
  readonly sealedCheck: string;
  readonly createdAt: Date;
}

const schema = new Schema<EncryptionKeyDocument>(
  { _id: String, sealedCheck: { type: String, required: true }, createdAt: { type: Date, required: true } },
  { collection: 'encryption_keys', versionKey: false, strict: 'throw' },
);

const knownText = 'bulkhead';

export type EncryptionKeyRepository = ReturnType<typeof createEncryptionKeyRepository>;

/** `encryption_keys`: the ids of the keys that encrypted values in this database use. The keys themselves are never stored. */
export function createEncryptionKeyRepository(options: { readonly database: Database; readonly secretBox: SecretBox }) {
  const { database, secretBox } = options;
  const model = database.model('EncryptionKey', schema);
  const canDecrypt = ({ _id, sealedCheck }: EncryptionKeyDocument): boolean => {
    if (!secretBox.keyIds.includes(_id)) return false;
    try {
      return secretBox.open({ sealed: sealedCheck, owner: _id }).toString() === knownText;
    } catch {
      return false;
    }
  };
  return {
    /**
     * Verifies that this process can decrypt all values, and records the id of the key that it encrypts with.
     * @throws AppError `encryption-key-missing`
     */
    async enter(now: Date): Promise<void> {
      const known = await model.find().lean();
      const missing = known.filter((key) => !canDecrypt(key)).map(({ _id }) => _id);
      if (missing.length > 0) throw keyMissing(missing);
      const _id = secretBox.currentKeyId;
      if (known.some((key) => key._id === _id)) return;
      const sealedCheck = secretBox.seal({ plaintext: Buffer.from(knownText), owner: _id });
      await model.updateOne({ _id }, { $setOnInsert: { sealedCheck, createdAt: now } }, { upsert: true });
    },

    /** Removes the ids of all previous keys. Call this when every value is encrypted with the current key. */
    async forgetPrevious(): Promise<void> {
      await model.deleteMany({ _id: { $ne: secretBox.currentKeyId } });
    },
  };
}

function keyMissing(keyIds: readonly string[]): AppError {
  return new AppError({
    code: 'encryption-key-missing',
    message:
      'Started with another key than the data was sealed with. Set BULKHEAD_ENCRYPTION_KEY to the key that encrypted the data. To replace that key, set BULKHEAD_ENCRYPTION_KEY to the new key and BULKHEAD_PREVIOUS_ENCRYPTION_KEYS to the old one, then run rotate-encryption-key (docs/how-to/rotate-keys.md).',
    retry: 'never',
    context: { keyIds },
  });
}
