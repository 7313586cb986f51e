import mongoose from 'mongoose';

/** Moves the stored changes of types an hour back, in their order, so that they are no longer held back. */
export async function ageChanges(options: { readonly mongodbUri: string; readonly resourceTypes: readonly string[] }) {
  const { mongodbUri, resourceTypes } = options;
  const database = await mongoose.createConnection(mongodbUri).asPromise();
  const { Timestamp } = mongoose.mongo;
  const changes: { readonly type: string; readonly _id: unknown; readonly changedAt: mongoose.mongo.Timestamp }[] = [];
  for (const type of resourceTypes) {
    for await (const { _id, changedAt } of database.collection(type).find()) changes.push({ type, _id, changedAt });
  }
  const inOrder = changes.toSorted((left, right) => left.changedAt.compare(right.changedAt));
  for (const [i, { type, _id, changedAt }] of inOrder.entries()) {
    const t = changedAt.getHighBitsUnsigned() - 3600;
    await database
      .collection(type)
      .updateOne({ _id } as object, { $set: { changedAt: new Timestamp({ t, i: i + 1 }) } });
  }
  await database.close();
}
