import { MongoClient } from 'mongodb';

/** Resolves once a server at `url` answers `hello` and can be written to. */
export async function pingMongodb({ url, timeoutMs }: { url: string; timeoutMs: number }): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: timeoutMs, connectTimeoutMS: timeoutMs });
  try {
    await client.db('admin').command({ hello: 1 });
  } finally {
    await client.close();
  }
}
