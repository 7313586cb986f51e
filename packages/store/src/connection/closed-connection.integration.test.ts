import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient, MongoNetworkError } from 'mongodb';
import { connectionSettings } from './connection-settings.ts';

const sockets = new Set<Socket>();
const collect = (message: unknown) => void sockets.add((message as { readonly socket: Socket }).socket);
beforeAll(() => subscribe('net.client.socket', collect));
afterAll(() => void unsubscribe('net.client.socket', collect));

/** Connects a client of the driver, and calls `onStart` at the start of its next command, before the driver has written it. */
async function connectClient(onStart: () => void): Promise<MongoClient> {
  const { serverSelectionTimeoutMS } = connectionSettings;
  const client = new MongoClient(testServices().mongodbUri, { serverSelectionTimeoutMS, monitorCommands: true });
  await client.db().command({ ping: 1 });
  client.once('commandStarted', onStart);
  return client;
}

const closeAll = () => {
  for (const socket of sockets) socket.destroy();
};

/** Closes the connections of this process when one of them is full. */
const closeWhenFull = () => {
  if ([...sockets].some(({ writableNeedDrain }) => writableNeedDrain)) closeAll();
  else setImmediate(closeWhenFull);
};

test('a read whose connection closes before it is sent is repeated, and does not wait forever', async () => {
  await using client = await connectClient(closeAll);
  expect(
    await client
      .db()
      .collection('closed')
      .findOne({ _id: 'x' as never }),
  ).toBeNull();
});

test('a command that must not be repeated fails then', async () => {
  await using client = await connectClient(closeAll);
  await expect(client.db().command({ ping: 1 })).rejects.toThrow(MongoNetworkError);
});

test('a command whose connection closes while it is being sent fails', async () => {
  await using client = await connectClient(closeWhenFull);
  const text = 'x'.repeat(15_000_000);
  await expect(client.db().command({ ping: 1, comment: text })).rejects.toThrow(MongoNetworkError);
});
