import {
  type Database,
  duplicateInserts,
  maxWriteMs,
  type RawWrites,
  type WriteDocument,
  writeUnordered,
} from '@bulkhead/store';
import { changedNow } from '../version/changed-since.ts';
import type { ResourceDocument, SourcedVersion } from '../version/resource-document.ts';
import { toFields, writeDocument } from './line-document.ts';

/** The write of a version. */
export interface Write {
  readonly document: ResourceDocument;
  /** The stored version to replace. Undefined if the document is inserted. */
  readonly replaces?: ComparedVersion;
}

/** A stored version as it was compared. Its observation may be moved without a new revision. */
type ComparedVersion = Pick<ResourceDocument, '_id' | 'observedAt'> & { readonly revision: number };

/** The filter of a write that loses if the stored version is another one than was compared. */
export function sameVersion({ _id, revision, observedAt }: ComparedVersion) {
  return { _id, revision, observedAt };
}

export interface WriteBatch {
  readonly resourceType: string;
  readonly writes: readonly Write[];
  /** The histories of the documents that are replaced, by `_id`. */
  readonly histories: ReadonlyMap<string, readonly SourcedVersion[]>;
}

/** Inserts documents, and replaces those that are still the version to replace. A failed write does not stop the others. */
export type SendWrites = (batch: WriteBatch) => Promise<{
  /** The number of replaced documents. */
  readonly matched: number;
  /** The inserts whose `_id` another process has stored. */
  readonly lostInserts: readonly Write[];
}>;

/** Sends objects, which the driver serializes. */
export function sendByDriver(database: Database): SendWrites {
  return async (batch) => {
    const operations = batch.writes.map((write) => {
      const { document, replaces } = write;
      const fields = { ...toFields(document), ...writerFields(write, batch) };
      return replaces === undefined
        ? { insertOne: { document: fields } }
        : { replaceOne: { filter: sameVersion(replaces), replacement: fields } };
    });
    try {
      const collection = database.collection(batch.resourceType);
      const result = await writeUnordered(collection, operations, { maxTimeMS: maxWriteMs });
      return { matched: result.matchedCount, lostInserts: [] };
    } catch (error) {
      const lostInserts = [...duplicateInserts(error)].map((index) => batch.writes[index] as Write);
      const { result } = error as { readonly result?: { readonly matchedCount: number } };
      return { matched: result?.matchedCount ?? 0, lostInserts };
    }
  };
}

/** Sends bytes. */
export function sendRaw({ insert, replace }: RawWrites): SendWrites {
  return async (batch) => {
    const inserts = batch.writes.filter(({ replaces }) => replaces === undefined);
    const toBytes =
      (write: Write): WriteDocument =>
      (writer) =>
        writeDocument({ writer, document: write.document, added: writerFields(write, batch) });
    const lost = await insert(batch.resourceType, inserts.map(toBytes));
    const matched = await replace(
      batch.resourceType,
      batch.writes.flatMap((write) =>
        write.replaces ? [{ filter: sameVersion(write.replaces), replacement: toBytes(write) }] : [],
      ),
    );
    return { matched, lostInserts: lost.map((index) => inserts[index] as Write) };
  };
}

/** The fields that the writer adds to a document. */
function writerFields({ document, replaces }: Write, { histories }: WriteBatch) {
  return replaces === undefined
    ? { revision: 1, ...changedNow }
    : { revision: replaces.revision + 1, ...changedNow, earlier: histories.get(document._id) ?? [] };
}
