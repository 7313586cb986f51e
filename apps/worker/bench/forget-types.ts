import type { Store } from '@bulkhead/system';
import type { MongoClient } from 'mongodb';

/** Deletes the resources of `types`, so that a measurement of a first import can be repeated. */
export async function forgetTypes(options: {
  readonly client: MongoClient;
  readonly store: Store;
  readonly types: Iterable<string>;
}): Promise<void> {
  const { client, store } = options;
  const types = [...new Set(options.types)];
  for (const type of types) await client.db().collection(type).drop();
  await client.db().collection('documents').deleteMany({});
  await store.prepareResourceTypes(types);
}
