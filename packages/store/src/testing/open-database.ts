import { MongoClient, Timestamp } from 'mongodb';

export type OpenDatabase = Awaited<ReturnType<typeof openDatabase>>;

/**
 * Opens the database without the store, for a test that compares all of it or creates a state that only a crash leaves. `await using`
 * closes it.
 */
export async function openDatabase(uri: string) {
  const client = await MongoClient.connect(uri);
  const db = client.db();
  return {
    db,
    /** Every document of the database as JSON, by collection and id, except the states of the processes that write. */
    async dump(): Promise<ReadonlyMap<string, string>> {
      const documents = new Map<string, string>();
      for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
        if (name === 'writing_processes' || name === 'erasure_epochs') continue;
        for await (const document of db.collection(name).find())
          documents.set(`${name}/${document._id}`, JSON.stringify(document));
      }
      return documents;
    },
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The `changedAt` of a resource that was stored at a time. */
export function toTimestamp(at: Date): Timestamp {
  return new Timestamp({ t: Math.floor(at.getTime() / 1000), i: 1 });
}

/** Returns the keys of the documents that differ between two dumps. */
export function compareDumps(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
  return {
    deleted: [...before.keys()].filter((key) => !after.has(key)).toSorted(),
    added: [...after.keys()].filter((key) => !before.has(key)).toSorted(),
    changed: [...before.keys()].filter((key) => after.has(key) && after.get(key) !== before.get(key)).toSorted(),
  };
}
