import { Readable } from 'node:stream';
import { ByteBudget } from '@bulkhead/base';
import type { ResourceWriter } from '@bulkhead/records';
import { BufferPool } from '@bulkhead/store/bson';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import type { OutputFile } from '../index.ts';
import { ingestFile } from '../steps.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { createStores } from '../testing/start-use-cases.ts';

const { store, close } = await openTestStore(createStores);
afterAll(close);

const now = () => new Date('2024-06-01T01:00:00Z');

interface IngestOptions {
  readonly change: Partial<OutputFile>;
  readonly resourceWriter?: ResourceWriter;
}

function ingest(text: string, { change, resourceWriter = store.resourceWriter.ofFile() }: IngestOptions) {
  const file = makeOutputFile(change);
  const result = ingestFile({
    store: { ...store, resourceWriter },
    file,
    observation: { observedAt: new Date('2024-06-01T00:00:00Z') },
    body: Readable.from([Buffer.from(text)]),
    now,
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(15 * 1024 * 1024),
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
  for await (const resource of store.resourceSearch.stream({ connectionId, resourceType }))
    lines.push(JSON.stringify(resource));
  return lines.toSorted();
}

test('a file is stored without the lines that MongoDB cannot store, and each is quarantined with its reason #quarantine', async () => {
  const connectionId = 'conn_unstorable';
  const line = (id: string, text = '"active":true') => `{"resourceType":"Patient","id":"${id}",${text}}`;
  const good = [line('a'), line('b', '"x":"é 😀"'), line('c', `"x":${'['.repeat(99)}${']'.repeat(99)}`), line('d')];
  const bad = [
    line('nul', String.raw`"a\u0000b":1`),
    line('deep', `"x":${'['.repeat(200)}${']'.repeat(200)}`),
    line('type', '"x":{"_bsontype":"ObjectId"}'),
    line('surrogate', String.raw`"x":"\ud800"`),
    line('large', `"x":[${`"${'x'.repeat(32)}",`.repeat(400_000)}1]`),
    line('many', `"x":[${'1,'.repeat(3_000_000)}1]`),
  ];
  const lines = good.slice(0, 2).concat(bad, good.slice(2));
  const { file, result } = ingest(`${lines.join('\n')}\n`, { change: { connectionId, promisedCount: lines.length } });
  expect(await result).toMatchObject({ stored: 4, quarantined: 6 });
  expect(await storedLines(connectionId)).toEqual(good);
  expect(await reasonsOf(file)).toEqual([
    [3, 'nul-in-key'],
    [4, 'too-deep'],
    [5, 'reserved-key'],
    [6, 'lone-surrogate'],
    [7, 'too-large'],
    [8, 'too-many-values'],
  ]);
});

test('resources that an earlier attempt of the export has stored count as new, and those of another export as unchanged', async () => {
  const connectionId = 'conn_lost_replies';
  const lines = Array.from({ length: 300 }, (_, index) => `{"resourceType":"Device","id":"d${index}"}`);
  const change = { connectionId, type: 'Device', promisedCount: 300 };
  const { file, result } = ingest(`${lines.slice(0, 200).join('\n')}\n`, { change: { ...change, promisedCount: 200 } });
  expect(await result).toMatchObject({ stored: 200, unchanged: 0 });
  // Nothing of the first attempt was committed, because its replies were lost.
  const again = ingest(`${lines.join('\n')}\n`, { change: { ...change, id: file.id, exportId: file.exportId } });
  expect(await again.result).toMatchObject({ stored: 300, unchanged: 0 });
  const next = ingest(`${lines.join('\n')}\n`, { change: { ...change, id: `${file.id}-next`, exportId: 'job_next' } });
  expect(await next.result).toMatchObject({ stored: 300, unchanged: 300 });
});

test('the Parameters between the resources of a file by patient are counted, and only a file of Parameters stores them', async () => {
  // FHIR Bulk Data STU3, "Bulk Data Output File Organization".
  const value = { reference: 'Patient/p1' };
  const header = JSON.stringify({ resourceType: 'Parameters', id: 'h', parameter: [{ name: 'header', value }] });
  const lines = `${header}\n{"resourceType":"Patient","id":"p1"}\n`;
  const connectionId = 'conn_headers';
  const { result } = ingest(lines, { change: { connectionId, type: 'Resource' } });
  expect(await result).toMatchObject({ stored: 1, quarantined: 0, headers: 1, types: ['Patient'] });
  expect(await storedLines(connectionId, 'Parameters')).toEqual([]);
  const own = ingest(`${header}\n`, { change: { connectionId, type: 'Parameters' } });
  expect(await own.result).toMatchObject({ stored: 1 });
});

test('a file is stored without the lines that the database refuses #quarantine', async () => {
  const connectionId = 'conn_refused';
  const line = (index: number) => `{"resourceType":"Device","id":"d${index}"}`;
  const lines = Array.from({ length: 150 }, (_, index) => line(index));
  const refused = [3, 4, 140];
  // Deeper than MongoDB accepts. The document was changed after all checks of the ingest.
  const tooDeep = JSON.parse('['.repeat(300) + ']'.repeat(300));
  const writer = store.resourceWriter.ofFile();
  const resourceWriter: ResourceWriter = {
    write: (type, documents) =>
      writer.write(
        type,
        documents.map((document) =>
          refused.some((index) => document.resourceId === `d${index}`) ? { ...document, resource: tooDeep } : document,
        ),
      ),
  };
  const { file, result } = ingest(`${lines.join('\n')}\n`, {
    change: { connectionId, type: 'Device', promisedCount: 150 },
    resourceWriter,
  });
  // None of them counts as unchanged, although a batch that fails has stored some of its documents.
  expect(await result).toMatchObject({ stored: 147, unchanged: 0, quarantined: 3 });
  expect(await reasonsOf(file)).toEqual(refused.map((index) => [index + 1, 'refused-by-database']));
  const stored = lines.filter((_, index) => !refused.includes(index)).toSorted();
  expect(await storedLines(connectionId, 'Device')).toEqual(stored);
});
