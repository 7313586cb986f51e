import { isErasedEntry } from '@bulkhead/records';
import { BSON, type Db } from 'mongodb';

/** An erasure keeps the first two as its proof. The samples of the monitoring keep ids of connections for 30 days. */
const kept = ['audit_events', 'erasures', 'history_samples'];

/**
 * Searches the whole database for what was erased, in the bytes of each document, so that no field is left out.
 * @param isErased whether a document may not have these bytes
 * @returns the documents, as `<collection>/<id>`
 */
export async function findTraces(database: Db, isErased: (bytes: Buffer) => boolean): Promise<string[]> {
  const traces: string[] = [];
  for (const { name } of await database.listCollections({}, { nameOnly: true }).toArray()) {
    if (kept.includes(name)) continue;
    const cursor = database.collection(name).find({}, { raw: true }) as AsyncIterable<unknown>;
    for await (const bytes of cursor as AsyncIterable<Buffer>)
      if (isErased(bytes) && isErased(withoutEntryIds(bytes))) traces.push(`${name}/${BSON.deserialize(bytes)._id}`);
  }
  return traces;
}

/** The id of an erased resource stays, for readers who keep a copy. That of an erased connection does not. */
function withoutEntryIds(bytes: Buffer): Buffer {
  const document = BSON.deserialize(bytes);
  return isErasedEntry(document) ? Buffer.from(document.connectionId) : bytes;
}

/** Whether a document has one of a few texts. */
export function hasOneOf(texts: readonly string[]): (bytes: Buffer) => boolean {
  return (bytes) => texts.some((text) => bytes.includes(text));
}

/** Whether a document has one of many ids of connections and patients. */
export function hasIdOf(ids: ReadonlySet<string>): (bytes: Buffer) => boolean {
  return (bytes) =>
    bytes
      .toString('latin1')
      .match(idPattern)
      ?.some((id) => ids.has(id)) === true;
}

const idPattern = /conn_\w+|[0-9a-f]{8}-[0-9a-f]{4}-p\d/g;
