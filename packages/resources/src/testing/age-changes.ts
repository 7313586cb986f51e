import mongoose from 'mongoose';

/** Moves the stored changes of a type an hour back, in their order, so that they are no longer held back. */
export async function ageChanges({ mongodbUri, resourceType }: { mongodbUri: string; resourceType: string }) {
  const database = await mongoose.createConnection(mongodbUri).asPromise();
  const { Timestamp } = mongoose.mongo;
  const documents = await database
    .collection(resourceType)
    .find({}, { sort: { changedAt: 1 } })
    .toArray();
  for (const [i, { _id, changedAt }] of documents.entries()) {
    const t = (changedAt as mongoose.mongo.Timestamp).getHighBitsUnsigned() - 3600;
    await database.collection(resourceType).updateOne({ _id }, { $set: { changedAt: new Timestamp({ t, i: i + 1 }) } });
  }
  await database.close();
}
