import type { AppError } from '@bulkhead/base';
import type { SecretBox } from '@bulkhead/base/encryption';
import { encryptionError } from '@bulkhead/base/encryption';
import { z } from 'zod';
import type { Database } from '../connection/database.ts';
import { mongooseSchemaOf, type Stored } from '../records/mongoose-fields-of.ts';
import type { EncryptedField } from './encrypted-field.ts';

const documentSchema = z.strictObject({
  /** The key's id. */
  id: z.string(),
  /** A known text, encrypted. It proves that a key is the right one, because different keys can have the same id. */
  encryptedCheck: z.string(),
  createdAt: z.date(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'encryption_keys' });

const knownText = 'bulkhead';

/** `encryption_keys`: the ids of the keys that encrypted values in this database use. The keys themselves are never stored. */
export class EncryptionKeyRepository {
  readonly #secretBox;
  readonly #model;

  constructor(options: { readonly database: Database; readonly secretBox: SecretBox }) {
    const { database, secretBox } = options;
    this.#secretBox = secretBox;
    this.#model = database.model('EncryptionKey', schema);
  }

  /**
   * Verifies that this process can decrypt all values, and records the id of the key that it encrypts with.
   * @throws AppError `encryption-key-missing`
   */
  async enter(now: Date): Promise<void> {
    const keys = await this.#model.find().lean();
    const missing = keys.filter((key) => !this.#canDecrypt(key)).map(({ _id }) => _id);
    if (missing.length > 0) throw keyMissing(missing);
    const _id = this.#secretBox.currentKeyId;
    if (keys.some((key) => key._id === _id)) return;
    const encryptedCheck = this.#secretBox.encrypt({ plaintext: Buffer.from(knownText), owner: _id });
    await this.#model.updateOne({ _id }, { $setOnInsert: { encryptedCheck, createdAt: now } }, { upsert: true });
  }

  /**
   * Verifies that a rotation has not replaced the key of this process while the process slept. What it encrypted then could be read by
   * no other process.
   * @throws AppError `encryption-key-missing`
   */
  async verify(): Promise<void> {
    if (!(await this.#model.exists({ _id: this.#secretBox.currentKeyId })))
      throw keyMissing([this.#secretBox.currentKeyId]);
  }

  /** Whether another key than the current one is registered. No process starts without it. */
  async hasPrevious(): Promise<boolean> {
    return (await this.#model.exists({ _id: { $ne: this.#secretBox.currentKeyId } })) !== null;
  }

  /** Removes the ids of all previous keys. Call this when every value is encrypted with the current key. */
  async forgetPrevious(): Promise<void> {
    await this.#model.deleteMany({ _id: { $ne: this.#secretBox.currentKeyId } });
  }

  #canDecrypt({ _id, encryptedCheck }: Stored<typeof documentSchema>): boolean {
    if (!this.#secretBox.keyIds.includes(_id)) return false;
    try {
      return this.#secretBox.decrypt({ encrypted: encryptedCheck, owner: _id }).toString() === knownText;
    } catch {
      return false;
    }
  }
}

function keyMissing(keyIds: readonly string[]): AppError {
  return encryptionError('encryption-key-missing', { context: { keyIds } });
}

export interface Rotation {
  readonly fields: readonly RotatedField[];
  /** The running processes that encrypt with another key. While there are any, nothing is encrypted again. */
  readonly otherProcesses: readonly string[];
  /** Whether previous keys are still registered. No process starts without them. */
  readonly hasPreviousKeys: boolean;
}

interface RotatedField {
  readonly collection: string;
  readonly field: string;
  readonly encryptedAgain: number;
  /** Values that another key has encrypted: a process still encrypts with that key, or none of our keys decrypts the value. */
  readonly left: number;
}

/**
 * Encrypts every value with the current key, while other processes with this key read and write. It can be stopped and started
 * again at any time, because finished values stay as they are.
 * @param options.listOtherProcesses names the running processes that encrypt with another key
 * @param options.dryRun only count the values.
 */
export async function rotateEncryptionKey(options: {
  readonly fields: readonly EncryptedField[];
  readonly keys: EncryptionKeyRepository;
  readonly listOtherProcesses: () => Promise<readonly string[]>;
  readonly dryRun: boolean;
}): Promise<Rotation> {
  const { fields, keys, listOtherProcesses, dryRun } = options;
  // A process with another key may lack the current one, and could read none of its values after a rotation.
  const processesBefore = await listOtherProcesses();
  const isAllowed = !dryRun && processesBefore.length === 0;
  const encryptedCounts = new Map<EncryptedField, number>();
  if (isAllowed) for (const field of fields) encryptedCounts.set(field, await field.reencrypt());
  const report: RotatedField[] = [];
  // Count after the last rotation, so that values which other processes stored in the meantime are counted too.
  for (const field of fields) {
    const encryptedAgain = encryptedCounts.get(field) ?? 0;
    report.push({
      collection: field.collection,
      field: field.field,
      encryptedAgain,
      left: await field.countOutdated(),
    });
  }
  const otherProcesses = [...new Set([...processesBefore, ...(await listOtherProcesses())])];
  const isComplete = otherProcesses.length === 0 && report.every(({ left }) => left === 0);
  if (isAllowed && isComplete) await keys.forgetPrevious();
  return { fields: report, otherProcesses, hasPreviousKeys: await keys.hasPrevious() };
}
