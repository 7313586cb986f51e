import { Readable } from 'node:stream';
import { ByteBudget } from '@bulkhead/base';
import { BufferPool } from '@bulkhead/store/bson';
import { longestHoldMs } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import type { FileCheckpoint, OutputFile } from '../output-file.record.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { ingestFile, maxLineBytes } from './ingest-file.ts';

const list = (count: number, element: string) => `[${Array.from({ length: count }, () => element).join()}]`;
const resource = (type: string, members: string) => `{"resourceType":"${type}","id":"1",${members}}`;
const issue = '{"severity":"error","code":"exception","diagnostics":"Observation/1 is missing"}';
const deletion = '{"request":{"method":"DELETE","url":"Patient/1"}}';

/** Lines that take long for their size, up to the largest size of a line. */
const lines: readonly { readonly name: string; readonly line: string; readonly file?: Partial<OutputFile> }[] = [
  { name: '300,000 decimals', line: resource('Observation', `"component":${list(300_000, '1.50')}`) },
  { name: '50,000 numbers that Decimal128 would change', line: resource('Observation', `"a":${list(50_000, '1e2')}`) },
  { name: '90,000 decimals', line: resource('Observation', `"a":${list(90_000, '1.50')}`) },
  { name: '400,000 empty objects', line: resource('Observation', `"a":${list(400_000, '{}')}`) },
  { name: '3,000,000 empty lists', line: resource('Observation', `"a":${list(3_000_000, '[]')}`) },
  { name: '14 MB of texts', line: resource('Observation', `"a":${list(400_000, `"${'x'.repeat(32)}"`)}`) },
  {
    name: '300,000 keys',
    line: resource('Observation', Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join()),
  },
  {
    name: '150,000 patients',
    line: resource('Group', `"member":${list(150_000, '{"entity":{"reference":"Patient/1"}}')}`),
  },
  {
    name: '150,000 codings',
    line: resource('Observation', `"code":{"coding":${list(150_000, '{"code":"a","system":"b"}')}}`),
  },
  {
    name: '200,000 attachments',
    line: resource('DocumentReference', `"content":${list(200_000, '{"attachment":{"url":"a"}}')}`),
  },
  {
    name: '14 MB of content',
    line: resource('DocumentReference', `"content":[{"attachment":{"data":"${'A'.repeat(14_000_000)}"}}]`),
  },
  {
    name: '150,000 deletions',
    line: `{"resourceType":"Bundle","type":"transaction","entry":${list(150_000, deletion)}}`,
    file: { section: 'deleted', type: 'Bundle' },
  },
  { name: '100,000 issues', line: `{"resourceType":"OperationOutcome","issue":${list(100_000, issue)}}` },
  {
    name: 'an issue with a text of 14 MB',
    line: `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"Observation/1 ${'a '.repeat(7_000_000)}"}]}`,
  },
  { name: '15 MB of white space', line: `{${' '.repeat(15_000_000)}}` },
];

async function ingest(text: string, file: Partial<OutputFile> = {}): Promise<FileCheckpoint | undefined> {
  const bytes = Buffer.from(`${text}\n`);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
    bytes.subarray(index * 65_536, (index + 1) * 65_536),
  );
  let checkpoint: FileCheckpoint | undefined;
  await ingestFile({
    store: {
      resourceWriter: {
        write: async (_type, documents) => ({ written: documents.length, unchanged: 0, stale: 0, withheld: 0 }),
      },
      quarantine: {
        put: async () => 0,
        createLongLine: async () => ({
          write: async () => undefined,
          end: async () => '',
          abort: async () => undefined,
        }),
      },
    },
    file: makeOutputFile(file),
    observation: { observedAt: new Date('2024-06-01T00:00:00Z') },
    body: Readable.from(chunks),
    now: () => new Date('2024-06-01T01:00:00Z'),
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(maxLineBytes),
    save: async (saved) => {
      checkpoint = saved;
      return true;
    },
  }).catch(() => undefined);
  return checkpoint;
}

test.each(lines)('a line of $name holds the event loop for at most 200 ms', async ({ line, file }) => {
  expect(await longestHoldMs(() => ingest(line, { type: 'Resource', ...file }))).toBeLessThan(200);
});
