import type { Connection as Database } from 'mongoose';

interface Markable {
  readonly _id: string;
  /** When it was first found that nothing refers to the record. */
  readonly unreferencedSince?: Date;
}

/**
 * Marks a record to which nothing refers, takes the mark away if something does again, and deletes the record if its mark is older
 * than `markedBefore`. A mark that was taken away by another process in between prevents the deletion.
 * @returns whether it was deleted
 */
export async function applyMark(options: {
  readonly database: Database;
  readonly collection: string;
  readonly record: Markable;
  readonly isReferenced: boolean;
  readonly now: Date;
  readonly markedBefore: Date;
}): Promise<boolean> {
  const { database, record, isReferenced, now, markedBefore } = options;
  const { _id, unreferencedSince } = record;
  const collection = database.collection<Markable>(options.collection);
  if (isReferenced) {
    if (unreferencedSince) await collection.updateOne({ _id }, { $unset: { unreferencedSince: 1 } });
    return false;
  }
  if (!unreferencedSince) {
    await collection.updateOne({ _id }, { $set: { unreferencedSince: now } });
    return false;
  }
  if (unreferencedSince >= markedBefore) return false;
  return (await collection.deleteOne({ _id, unreferencedSince })).deletedCount === 1;
}
