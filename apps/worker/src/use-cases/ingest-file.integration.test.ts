import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { OutputFile } from '@bulkhead/domain';
import { createStore, type Store } from '@bulkhead/store';
import { makeOutputFile, testServices } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { ingestFile } from './ingest-file.ts';

const { mongodbUri } = testServices();
let store: Store;
beforeAll(async () => {
  store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
  await store.connect();
  await store.migrate();
});
afterAll(() => store.close());

const now = () => new Date('2024-06-01T01:00:00Z');

function ingest(text: string, change: Partial<OutputFile> = {}) {
  const file = makeOutputFile(change);
  const result = ingestFile({
    store,
    file,
    observedAt: new Date('2024-06-01T00:00:00Z'),
    body: Readable.from([Buffer.from(text)]),
    now,
    save: async () => true,
  });
  return { file, result };
}

async function reasonsOf({ id: fileId }: OutputFile): Promise<[number, string][]> {
  const entries = await store.quarantine.list({ filter: { fileId }, scope: 'all', limit: 100 });
  return entries.map(({ line, reason }) => [line, reason]);
}

async function storedLines(connectionId: string, resourceType = 'Patient'): Promise<string[]> {
  const lines = [];
  for await (const resource of store.resources.stream({ connectionId, resourceType }))
    lines.push(JSON.stringify(resource));
  return lines.toSorted();
}

describe('a file with lines that MongoDB cannot hold', () => {
  test('is stored without them, and each is quarantined with its own reason #quarantine', async () => {
    const connectionId = 'conn_unstorable';
    const line = (id: string, text = '"active":true') => `{"resourceType":"Patient","id":"${id}",${text}}`;
    const good = [line('a'), line('b', '"x":"é 😀"'), line('c', `"x":${'['.repeat(99)}${']'.repeat(99)}`), line('d')];
    const bad = [
      line('nul', String.raw`"a\u0000b":1`),
      line('deep', `"x":${'['.repeat(200)}${']'.repeat(200)}`),
      line('type', '"x":{"_bsontype":"ObjectId"}'),
      line('surrogate', String.raw`"x":"\ud800"`),
      line('large', `"x":[${'1,'.repeat(3_000_000)}1]`),
    ];
    const lines = good.slice(0, 2).concat(bad, good.slice(2));
    const { file, result } = ingest(`${lines.join('\n')}\n`, { connectionId, promisedCount: lines.length });
    expect(await result).toMatchObject({ stored: 4, quarantined: 5 });
    expect(await storedLines(connectionId)).toEqual(good);
    expect(await reasonsOf(file)).toEqual([
      [3, 'nul-in-key'],
      [4, 'too-deep'],
      [5, 'reserved-key'],
      [6, 'lone-surrogate'],
      [7, 'too-large'],
    ]);
  });

  test('is stored without the lines that the database refuses for a reason of its own #quarantine', async () => {
    const connectionId = 'conn_refused';
    const line = (index: number) => `{"resourceType":"Device","id":"d${index}"}`;
    await store.prepareResourceTypes(['Device']);
    await using client = await MongoClient.connect(mongodbUri);
    await client.db().command({ collMod: 'Device', validator: { resourceId: { $nin: ['d3', 'd4', 'd140'] } } });
    const lines = Array.from({ length: 150 }, (_, index) => line(index));
    const { file, result } = ingest(`${lines.join('\n')}\n`, { connectionId, type: 'Device', promisedCount: 150 });
    expect(await result).toMatchObject({ stored: 147, quarantined: 3 });
    expect(await reasonsOf(file)).toEqual([
      [4, 'refused-by-database'],
      [5, 'refused-by-database'],
      [141, 'refused-by-database'],
    ]);
    const stored = lines.filter((_, index) => ![3, 4, 140].includes(index)).toSorted();
    expect(await storedLines(connectionId, 'Device')).toEqual(stored);
  });
});
