import type { Model, mongo, QueryFilter } from 'mongoose';
import { toBatches } from './in-batches.ts';

/** The batch size of a list that is read in one command, unless it is larger than a response of MongoDB (16 MB). */
export const wholeBatch = 100_000;

/** Lists the ids of the documents that match a filter, by default in the order of ids. */
export async function findIds<Document>(
  model: Model<Document>,
  filter: QueryFilter<Document>,
  options: { readonly sort?: Readonly<Record<string, 1 | -1>> } = {},
): Promise<string[]> {
  const query = model.find(filter, { _id: 1 }, { sort: { _id: 1 }, ...options });
  return (await query.lean<readonly { readonly _id: string }[]>()).map(({ _id }) => _id);
}

/** The collection of a model, for writes past the casts of Mongoose, which would copy each document. */
export function collectionOf<Document extends object>(model: Model<Document>): mongo.Collection<Document> {
  return model.collection as unknown as mongo.Collection<Document>;
}

/** Sends the operations of a `bulkWrite` to a collection, past the casts of Mongoose. */
export function writeUnordered(
  collection: { bulkWrite(operations: never[], options: mongo.BulkWriteOptions): Promise<mongo.BulkWriteResult> },
  operations: readonly object[],
  options: { readonly maxTimeMS?: number } = {},
): Promise<mongo.BulkWriteResult> {
  return collection.bulkWrite(operations as never[], { ordered: false, ...options });
}

/** Counts the documents whose field has one of many values, such as those of all runs of a connection. */
export async function countIn<Document>(
  model: Model<Document>,
  { field, values }: { readonly field: keyof Document & string; readonly values: readonly string[] },
): Promise<number> {
  let count = 0;
  for (const batch of toBatches(values)) count += await model.countDocuments({ [field]: { $in: batch } } as object);
  return count;
}

/** Ids in one command. Each has some 60 bytes, so this is far below the 16 MB of a command. */
const removedAtOnce = 10_000;

/** Removes the documents of work that match a filter, are not among `ids` and wait for their first attempt. @returns how many */
export async function removeOthers<Document>(
  model: Model<Document>,
  { filter, ids }: { readonly filter: QueryFilter<Document>; readonly ids: ReadonlySet<string> },
): Promise<number> {
  const otherIds = (await findIds(model, filter)).filter((id) => !ids.has(id));
  let removed = 0;
  for (let start = 0; start < otherIds.length; start += removedAtOnce) {
    const _id = { $in: otherIds.slice(start, start + removedAtOnce) };
    removed += (await model.deleteMany({ _id, state: 'pending', attempts: 0 } as object)).deletedCount;
  }
  return removed;
}

/** The record of a document that has no fields besides those of the record. */
export function withId<Document extends { readonly _id: string }>({ _id, ...fields }: Document) {
  return { id: _id, ...fields };
}

/** The record of a document that may not exist. */
export function recordOf<Document extends { readonly _id: string }>(document: Document | null | undefined) {
  return document ? withId(document) : undefined;
}
