import { type Binary, MongoClient } from 'mongodb';

/** Returns the content of a database as one text for each collection. Bytes appear as they are stored. */
export async function dumpMongodb(uri: string): Promise<ReadonlyMap<string, string>> {
  const client = new MongoClient(uri);
  try {
    const database = client.db();
    const collections = await database.listCollections({}, { nameOnly: true }).toArray();
    const dumps = new Map<string, string>();
    for (const { name } of collections) {
      const documents = await database.collection(name).find().toArray();
      dumps.set(name, documents.map((document) => JSON.stringify(document, withBytes)).join('\n'));
    }
    return dumps;
  } finally {
    await client.close();
  }
}

/** The driver serializes bytes as base64, in which no search would find a value. */
function withBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key] as Partial<Binary> | null | undefined;
  if (original?._bsontype !== 'Binary') return value;
  return Buffer.from((original as Binary).buffer).toString('latin1');
}
