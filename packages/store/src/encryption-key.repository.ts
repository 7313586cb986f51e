import { AppError } from '@bulkhead/runtime';
import { type Connection as Database, Schema } from 'mongoose';
import type { SecretBox } from './secret-box.ts';

interface EncryptionKeyDocument {
  /** The key's id. */
  readonly _id: string;
  /** A known text, sealed: that ids are equal does not prove that keys are. */
  readonly sealedCheck: string;
  readonly createdAt: Date;
}

const schema = new Schema<EncryptionKeyDocument>(
  { _id: String, sealedCheck: { type: String, required: true }, createdAt: { type: Date, required: true } },
  { collection: 'encryption_keys', versionKey: false, strict: 'throw' },
);

const knownText = 'bulkhead';

export type EncryptionKeyRepository = ReturnType<typeof createEncryptionKeyRepository>;

/** `encryption_keys`: the ids of the keys that something here is sealed with; never a key. */
export function createEncryptionKeyRepository(options: { readonly database: Database; readonly secretBox: SecretBox }) {
  const { database, secretBox } = options;
  const model = database.model('EncryptionKey', schema);
  const opens = ({ _id, sealedCheck }: EncryptionKeyDocument): boolean => {
    if (!secretBox.keyIds.includes(_id)) return false;
    try {
      return secretBox.open({ sealed: sealedCheck, owner: _id }).toString() === knownText;
    } catch {
      return false;
    }
  };
  return {
    /**
     * Makes sure that this process opens whatever is sealed, and notes the key that it seals with.
     * @throws AppError `encryption-key-missing`
     */
    async enter(now: Date): Promise<void> {
      const known = await model.find().lean();
      const missing = known.filter((one) => !opens(one)).map(({ _id }) => _id);
      if (missing.length > 0) throw keyMissing(missing);
      const _id = secretBox.currentKeyId;
      if (known.some((one) => one._id === _id)) return;
      const sealedCheck = secretBox.seal({ plaintext: Buffer.from(knownText), owner: _id });
      await model.updateOne({ _id }, { $setOnInsert: { sealedCheck, createdAt: now } }, { upsert: true });
    },

    /** Nothing is sealed with any other key than the current one any more. */
    async forgetPrevious(): Promise<void> {
      await model.deleteMany({ _id: { $ne: secretBox.currentKeyId } });
    },
  };
}

function keyMissing(keyIds: readonly string[]): AppError {
  return new AppError({
    code: 'encryption-key-missing',
    message:
      'Started with another key than the data was sealed with. Start with that key as BULKHEAD_ENCRYPTION_KEY; or, to replace it, with the new key there and the former in BULKHEAD_PREVIOUS_ENCRYPTION_KEYS, then run rotate-encryption-key (docs/how-to/rotate-keys.md).',
    retry: 'never',
    context: { keyIds },
  });
}
