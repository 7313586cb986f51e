import { AppError } from '@bulkhead/runtime';
import type { Connection as Database } from 'mongoose';
import { type SecretBox, sealedPrefix } from './secret-box.ts';

/** A field of a collection that holds sealed values: every one is walked by the rotation of the key. */
export interface SealedPlace {
  readonly collection: string;
  readonly field: string;
  /** How many values another key than the current one has sealed. */
  countLeft(): Promise<number>;
  /** Seals those with the current key. @returns how many it did. */
  reseal(): Promise<number>;
}

/** @param options.ownerOf what the values of a record are bound to. */
export function createSealedPlace(options: {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly collection: string;
  readonly field: string;
  readonly ownerOf: (recordId: string) => string;
}): SealedPlace {
  const { database, secretBox, collection, field, ownerOf } = options;
  const records = () => database.collection<{ _id: string }>(collection);
  const prefix = sealedPrefix(secretBox.currentKeyId);
  // Ranges beside the current key's prefix: they hold for texts only, so a record without the field is not among them.
  const left = { $or: [{ [field]: { $lt: `${prefix}.` } }, { [field]: { $gte: `${prefix}/` } }] };

  const resealOne = async (recordId: string, sealed: string): Promise<boolean> => {
    const owner = ownerOf(recordId);
    const plaintext = openOrSkip(() => secretBox.open({ sealed, owner }));
    if (!plaintext) return false;
    // Where somebody has stored another value meanwhile, that one stays.
    const { modifiedCount } = await records().updateOne(
      { _id: recordId, [field]: sealed },
      { $set: { [field]: secretBox.seal({ plaintext, owner }) } },
    );
    return modifiedCount === 1;
  };

  return {
    collection,
    field,
    countLeft: () => records().countDocuments(left),
    async reseal() {
      let count = 0;
      for await (const record of records().find(left, { projection: { [field]: 1 } })) {
        if (await resealOne(record._id, valueAt(record, field))) count++;
      }
      return count;
    },
  };
}

/** One value that no key opens must not keep all others under the old key; it is counted as left. */
function openOrSkip(open: () => Buffer): Buffer | undefined {
  try {
    return open();
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
