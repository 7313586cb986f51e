import { extractSearchKeys, type Resource, summarize } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';
import { decodeExactNumbers, type NumberText } from './exact-number-codec.ts';
import { fitsInDocument, type ResourceDocument } from './resource-document.ts';

/** Indexes from before resources could be searched: where one is left, documents lack what is searched. */
const formerIndexes = ['by-patient', 'by-change'];
/** As a download writes them: see `file-batch.ts` of the worker. */
const batchSize = 125;

type StoredDocument = ResourceDocument & { readonly revision: number };

/**
 * Gives the resources of an earlier version their search keys and summaries: an export would not, since it writes nothing
 * that did not change. The former indexes go last, so that a run that was interrupted is repeated, and no other is.
 */
export async function upgradeResources(options: { readonly database: Database; readonly resourceType: string }) {
  const collection = options.database.collection(options.resourceType);
  const names = (await collection.indexes()).map(({ name }) => name ?? '');
  const former = names.filter((name) => formerIndexes.includes(name));
  if (former.length === 0) return;
  let operations: object[] = [];
  const write = async () => {
    if (operations.length > 0) await collection.bulkWrite(operations as never[], { ordered: false });
    operations = [];
  };
  for await (const document of collection.find<StoredDocument>({ deleted: false })) {
    operations.push(toUpdate(document));
    if (operations.length === batchSize) await write();
  }
  await write();
  for (const name of former) await collection.dropIndex(name);
}

function toUpdate(document: StoredDocument): object {
  const { _id, revision, numberTexts } = document;
  const resource = decodeExactNumbers(document.resource, numberTexts as NumberText[] | undefined) as Resource;
  const keys = extractSearchKeys(resource);
  const summary = summarize(resource);
  // Decoded in place, an exact number counts for a little more here than in the database: the safe side of the limit.
  const keepsSummary =
    summary !== undefined && fitsInDocument({ ...document, keys, summary }, Number.POSITIVE_INFINITY);
  // A version that a worker has written meanwhile has its own keys.
  return { updateOne: { filter: { _id, revision }, update: { $set: { keys, ...(keepsSummary ? { summary } : {}) } } } };
}
