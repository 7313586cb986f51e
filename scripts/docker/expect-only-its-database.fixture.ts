import { expect } from '@jest/globals';
import { MongoClient } from 'mongodb';

const unauthorized = { code: 13 };

/** Expects that the user of a URI can read and write its database, and nothing else. */
export async function expectOnlyItsDatabase(uri: string): Promise<void> {
  await using client = await MongoClient.connect(uri);
  const own = client.db();
  await own.createCollection('tried');
  expect(await own.collection('tried').insertOne({ tried: true })).toMatchObject({ acknowledged: true });
  await own.collection('tried').drop();
  const admin = client.db('admin');
  for (const command of [{ usersInfo: 1 }, { createUser: 'other', pwd: 'x', roles: ['root'] }])
    await expect(admin.command(command)).rejects.toMatchObject(unauthorized);
  await expect(client.db('other').collection('tried').insertOne({})).rejects.toMatchObject(unauthorized);
  await expect(client.db('other').collection('tried').findOne()).rejects.toMatchObject(unauthorized);
}
