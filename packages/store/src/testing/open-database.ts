import { type IndexDescriptionInfo, MongoClient, Timestamp } from 'mongodb';

/** Its `_id` may have any type. */
interface CopiedDocument {
  readonly _id: unknown;
}

/** What a database had at a time. */
export type DatabaseCopy = readonly {
  readonly name: string;
  readonly documents: readonly CopiedDocument[];
  readonly indexes: readonly IndexDescriptionInfo[];
}[];

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
    /** Reads every document and index, for a test file that fills one database and copies it for each test. */
    async read(): Promise<DatabaseCopy> {
      const collections = await db.listCollections({}, { nameOnly: true }).toArray();
      const copies = collections.map(async ({ name }) => ({
        name,
        // Without a conversion that would change the types of numbers.
        documents: await db.collection<CopiedDocument>(name).find({}, { promoteValues: false }).toArray(),
        indexes: await db.collection(name).indexes(),
      }));
      return Promise.all(copies);
    },
    /** Replaces the documents of the collections of a copy, and makes those that are missing, with their indexes. */
    async write(copy: DatabaseCopy): Promise<void> {
      const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
      const write = async ({ name, documents, indexes }: DatabaseCopy[number]) => {
        const collection = db.collection<CopiedDocument>(name);
        const missing = indexes.filter((index) => index.name !== '_id_').map(({ v: _version, ...index }) => index);
        if (existing.has(name)) await collection.deleteMany({});
        else if (missing.length > 0) await collection.createIndexes(missing);
        if (documents.length > 0) await collection.insertMany(documents);
      };
      await Promise.all(copy.map(write));
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
