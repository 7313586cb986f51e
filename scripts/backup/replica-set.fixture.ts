import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lastLogLines, spawnTethered } from '@bulkhead/embedded';
import { waitFor } from '@bulkhead/testing';
import { MongoClient } from 'mongodb';

export type ReplicaSet = Awaited<ReturnType<typeof startReplicaSet>>;

/** Starts a `mongod` on PATH as a replica set of one. The folder gets its data and its log. */
export async function startReplicaSet({ folder, port }: { readonly folder: string; readonly port: number }) {
  const data = join(folder, 'data');
  const log = join(folder, 'mongod.log');
  mkdirSync(data, { recursive: true });
  const address = ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1'];
  const server = await spawnTethered({
    command: 'mongod',
    args: [...address, '--replSet', 'backup', '--wiredTigerCacheSizeGB', '0.25'],
    output: { file: log },
  });
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const client = new MongoClient(url);
  const stop = async () => {
    await client.close();
    await server.stop();
  };
  try {
    await client.connect();
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await client.db('admin').command({ replSetInitiate: { _id: 'backup', members } });
    const isPrimary = async () => (await client.db('admin').command({ hello: 1 })).isWritablePrimary || undefined;
    await waitFor(isPrimary, { what: 'the primary' });
  } catch (error) {
    await stop();
    throw new Error(`mongod did not become a replica set. The end of its log:\n${lastLogLines({ file: log })}`, {
      cause: error,
    });
  }
  return { url, client, stop };
}
