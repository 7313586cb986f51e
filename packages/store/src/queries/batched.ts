import { duplicateInserts } from '../connection/store-errors.ts';
import { inBatches } from './in-batches.ts';

/** The part of a Mongoose model that inserts. */
interface Inserts<Document> {
  insertMany(documents: Document[], options: { ordered: false; throwOnValidationError: true }): Promise<unknown>;
}

/** A command with so many small documents takes some milliseconds, so the calls that wait for the next one do not wait long. */
const maxBatch = 100;

/**
 * Reads documents by id, with one command for all calls that waited for the previous one.
 *
 * @param filter what else must hold for a document
 * @returns undefined if there is none
 */
export function batchedFind<Document extends { readonly _id: string }>(
  model: { find(filter: object): { lean(): PromiseLike<readonly Document[]> } },
  filter: object = {},
): (id: string) => Promise<Document | undefined> {
  return inBatches({
    maxBatch,
    async run(ids: readonly string[]) {
      const documents = await model.find({ ...filter, _id: { $in: [...new Set(ids)] } }).lean();
      const byId = new Map(documents.map((document) => [document._id, document]));
      return ids.map((id) => byId.get(id));
    },
  });
}

/**
 * Inserts documents, with one command for all calls that waited for the previous one.
 *
 * @returns false if a document with the same unique key exists already
 */
export function batchedInsert<Document>(model: Inserts<Document>): (document: Document) => Promise<boolean> {
  return inBatches({
    maxBatch,
    async run(documents: readonly Document[]) {
      const existing = await insertUnordered(model, documents);
      return documents.map((_document, index) => !existing.has(index));
    },
  });
}

/** @returns the positions of documents whose unique key exists already */
async function insertUnordered<Document>(
  model: Inserts<Document>,
  documents: readonly Document[],
): Promise<ReadonlySet<number>> {
  try {
    await model.insertMany([...documents], { ordered: false, throwOnValidationError: true });
    return new Set();
  } catch (error) {
    return duplicateInserts(error);
  }
}
