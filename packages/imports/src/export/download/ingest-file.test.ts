import { hash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { ByteBudget } from '@bulkhead/base';
import { noOutcome, type ResourceDocument } from '@bulkhead/records';
import { maxKeptLineBytes, type QuarantinedLine } from '@bulkhead/records/quarantine';
import { BufferPool } from '@bulkhead/store/bson';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import type { FileCheckpoint, OutputFile } from '../output-file.record.ts';
import { makeOutputFile } from '../testing/make-records.ts';
import { ingestFile, maxLineBytes } from './ingest-file.ts';

interface Written {
  readonly documents: ResourceDocument[];
  /** The type of each write. */
  readonly types: string[];
  readonly bad: QuarantinedLine[];
  readonly checkpoints: FileCheckpoint[];
  readonly longLines: Buffer[];
}

/** Ingests into memory. Every document is new. */
function ingest(
  text: string | Buffer,
  {
    file = {},
    saves = true,
    beforeWrite = async () => undefined,
    refuses = () => undefined,
    chunkBytes = Number.MAX_SAFE_INTEGER,
    saveEveryMs = 0,
    body = Readable.from(chunksOf(Buffer.from(text as string), chunkBytes)),
  }: {
    file?: Partial<OutputFile>;
    saves?: boolean;
    /** Called with the index of the batch. */
    beforeWrite?: (batch: number) => Promise<unknown>;
    /** Returns the error of the database for a batch, if there is one. */
    refuses?: (documents: readonly ResourceDocument[]) => Error | undefined;
    chunkBytes?: number;
    /** Default: each batch is committed. */
    saveEveryMs?: number;
    /** Default: the whole text. */
    body?: Readable;
  } = {},
) {
  const written: Written = { documents: [], types: [], bad: [], checkpoints: [], longLines: [] };
  let batches = 0;
  const result = ingestFile({
    store: {
      resourceWriter: {
        async write(type, documents) {
          await beforeWrite(batches++);
          const refusal = refuses(documents);
          if (refusal) throw refusal;
          written.documents.push(...documents);
          written.types.push(type);
          return { ...noOutcome, written: documents.length };
        },
      },
      quarantine: {
        async put({ lines }) {
          written.bad.push(...lines);
          return 0;
        },
        async createLongLine() {
          const parts: Buffer[] = [];
          return {
            write: async (part: Buffer) => void parts.push(part),
            end: async () => `long line ${written.longLines.push(Buffer.concat(parts))}`,
            abort: async () => undefined,
          };
        },
      },
    },
    file: makeOutputFile(file),
    observation: { observedAt: new Date('2024-06-01T00:00:00Z') },
    body,
    now: () => new Date('2024-06-01T01:00:00Z'),
    buffers: new BufferPool(),
    largeBytes: new ByteBudget(maxLineBytes),
    saveEveryMs,
    save: async (checkpoint) => {
      written.checkpoints.push(checkpoint);
      return saves;
    },
  });
  return { result, written };
}

function* chunksOf(bytes: Buffer, chunkBytes: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
}

const patient = (id: number) => `{"resourceType":"Patient","id":"p${id}"}\n`;
const patients = (count: number) => Array.from({ length: count }, (_, index) => patient(index)).join('');

test('ingestFile commits after each batch, leaves the last commit to the caller, and accounts for every byte and line', async () => {
  const text = patients(2100);
  const { result, written } = ingest(text, { file: { promisedCount: 2100 } });
  expect(await result).toMatchObject({ bytes: text.length, lines: 2100, stored: 2100 });
  expect(written.checkpoints.map(({ lines }) => lines)).toEqual([32, 532, 1032, 1532, 2032]);
  expect(written.documents).toHaveLength(2100);
});

test('ingestFile ends a batch at 512 kB', async () => {
  const line = (id: number) => `{"resourceType":"Patient","id":"p${id}","x":"${'x'.repeat(20_000)}"}\n`;
  const { result, written } = ingest(Array.from({ length: 90 }, (_, id) => line(id)).join(''));
  expect(await result).toMatchObject({ stored: 90 });
  expect(written.checkpoints.map(({ lines }) => lines)).toEqual([27, 54, 81]);
});

test('ingestFile commits nothing within the first second of a file, and what is stored if it fails before', async () => {
  const saveEveryMs = 60_000;
  const whole = ingest(patients(2100), { saveEveryMs });
  expect(await whole.result).toMatchObject({ stored: 2100 });
  expect(whole.written.checkpoints).toEqual([]);
  const failing = ingest(patients(2100), {
    saveEveryMs,
    beforeWrite: async (batch) => {
      if (batch === 3) throw new Error('the database is unavailable');
    },
  });
  await expect(failing.result).rejects.toThrow('the database is unavailable');
  expect(failing.written.checkpoints).toMatchObject([{ lines: 1032, stored: 1032 }]);
});

test('ingestFile commits what it has stored also while the server sends nothing more, and stops if another attempt has taken over', async () => {
  for (const saves of [true, false]) {
    const body = new PassThrough();
    const { result, written } = ingest('', { saveEveryMs: 10, body, saves });
    body.write(patients(40));
    await waitFor(() => written.checkpoints.length > 0);
    expect(written.checkpoints).toMatchObject([{ lines: 32, stored: 32 }]);
    body.end(patients(600));
    const lines = saves ? 640 : undefined;
    expect((await result)?.lines).toBe(lines);
  }
});

test('ingestFile stores and commits what came before a download broke off', async () => {
  const body = new PassThrough();
  const { result, written } = ingest('', { saveEveryMs: 60_000, body });
  body.write(`${patients(40)}{"resourceType"`);
  await waitFor(() => written.documents.length === 32);
  body.destroy(new Error('the connection was reset'));
  await expect(result).rejects.toThrow('the connection was reset');
  expect(written.checkpoints).toMatchObject([{ lines: 40, stored: 40, bytes: patients(40).length }]);
});

test('ingestFile stores what a slow server has sent within a second', async () => {
  const body = new PassThrough();
  const { result, written } = ingest('', { body });
  body.write(patients(33));
  await waitFor(() => {
    if (written.documents.length < 40) body.write(patient(40));
    return written.documents.length > 32;
  });
  expect(written.documents.length).toBeLessThan(500);
  body.end();
  await result;
});

test('ingestFile quarantines a bad line with its position, and stores the others #quarantine', async () => {
  const { result, written } = ingest(`${patient(1)}{"resourceType":\n${patient(2)}`, { file: { promisedCount: 3 } });
  expect(await result).toMatchObject({ stored: 2, quarantined: 1 });
  expect(written.bad).toMatchObject([{ line: 2, offset: patient(1).length, reason: 'invalid-json' }]);
});

test('ingestFile commits the lines before a line that is cut off, and fails the file so that the rest is downloaded again', async () => {
  const { result, written } = ingest(`${patients(251)}{"resourceType":"Pat`);
  await expect(result).rejects.toMatchObject({ code: 'file-truncated', retry: 'later' });
  expect(written.checkpoints.at(-1)).toMatchObject({ lines: 251, bytes: patients(251).length });
  expect(written.bad).toEqual([]);
});

test('ingestFile writes three batches at a time, and commits them in the order of the file whichever is stored first', async () => {
  const releases: (() => void)[] = [];
  let batches = 0;
  const { result, written } = ingest(patients(2100), {
    async beforeWrite(batch) {
      batches += 1;
      await new Promise<void>((resolve) => (batch < 3 ? releases.push(resolve) : resolve()));
    },
  });
  await waitFor(() => releases.length === 3);
  releases[2]?.();
  releases[1]?.();
  await waitFor(() => written.documents.length === 1000);
  expect([batches, written.checkpoints]).toEqual([3, []]);
  releases[0]?.();
  expect(await result).toMatchObject({ stored: 2100 });
  expect(written.checkpoints.map(({ lines }) => lines)).toEqual([32, 532, 1032, 1532, 2032]);
});

test('ingestFile fails the file if a batch cannot be written, after the other batch has ended', async () => {
  let isOtherWritten = false;
  const { result, written } = ingest(patients(600), {
    async beforeWrite(batch) {
      if (batch === 0) throw new Error('the database is unavailable');
      await new Promise(setImmediate);
      isOtherWritten = true;
    },
  });
  await expect(result).rejects.toThrow('the database is unavailable');
  expect([isOtherWritten, written.checkpoints]).toEqual([true, []]);
});

test('ingestFile fails a file that has fewer resources than promised #counts-reconcile', async () => {
  await expect(ingest(patients(2), { file: { promisedCount: 3 } }).result).rejects.toMatchObject({
    code: 'count-mismatch',
  });
});

test('ingestFile fails a file that is not NDJSON before it fills the quarantine', async () => {
  const { result, written } = ingest('<p>not found</p>\n'.repeat(5000));
  await expect(result).rejects.toMatchObject({
    code: 'too-many-bad-lines',
    message: expect.stringContaining('More than half'),
    retry: 'never',
  });
  // A thousand, and the batches that were in flight.
  expect(written.bad.length).toBeLessThan(3000);
});

test.each([
  { name: 'one bad line', text: 'null\n' },
  { name: 'lines of another type', text: '{"resourceType":"Observation","id":"o"}\n'.repeat(3) },
  { name: 'a hundred bad lines and a blank one', text: `\n${'{"id":1}\n'.repeat(100)}` },
])('ingestFile fails a file of $name, because no line is valid', async ({ text }) => {
  const { result, written } = ingest(text);
  await expect(result).rejects.toMatchObject({ code: 'no-valid-lines', retry: 'never' });
  // The read lines are committed, so that a retry after a replay of them continues after them.
  expect(written.checkpoints.at(-1)).toMatchObject({ stored: 0, quarantined: written.bad.length });
});

test('ingestFile accepts a file without lines, and a file with a stale resource and a bad line', async () => {
  expect(await ingest('\n').result).toMatchObject({ lines: 1, quarantined: 0 });
  const checkpoint = { ...makeOutputFile().checkpoint, bytes: 100, lines: 1, stale: 1 };
  expect(await ingest('null\n', { file: { checkpoint } }).result).toMatchObject({ stale: 1, quarantined: 1 });
});

test('ingestFile accepts less than 1 % unreadable lines in a deleted file', async () => {
  const deletion = `${JSON.stringify({ reference: 'Patient/1' })}\n`;
  const { result } = ingest(deletion.repeat(20_000) + 'null\n'.repeat(101), {
    file: { section: 'deleted', type: 'Bundle' },
  });
  expect(await result).toMatchObject({ unreadableDeletions: 101 });
});

test('ingestFile fails a file with over 1 % bad lines #too-many-bad-lines', async () => {
  const { result } = ingest(patients(5000) + '{"id":1}\n'.repeat(101));
  await expect(result).rejects.toMatchObject({
    code: 'too-many-bad-lines',
    message: expect.stringContaining('Over 1 %'),
  });
});

test('ingestFile stops if another attempt has taken over #two-workers', async () => {
  const { result, written } = ingest(patients(5000), { saves: false });
  expect(await result).toBeUndefined();
  expect(written.documents.length).toBeLessThanOrEqual(2000);
});

test('ingestFile writes a tombstone for every entry of a deleted file, and counts the issues of an error file', async () => {
  const entry = [1, 2].map((id) => ({ request: { method: 'DELETE', url: `Patient/p${id}` } }));
  const bundle = `${JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })}\n`;
  const deleted = ingest(bundle, { file: { section: 'deleted', type: 'Bundle' } });
  expect(await deleted.result).toMatchObject({ deleted: 2, stored: 0, quarantined: 0 });
  expect(deleted.written.documents).toMatchObject([{ deleted: true }, { deleted: true }]);

  const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'timeout' }] };
  const errors = ingest(`${JSON.stringify(outcome)}\n`.repeat(3), {
    file: { section: 'error', type: 'OperationOutcome' },
  });
  expect((await errors.result)?.issues).toEqual([{ severity: 'warning', code: 'timeout', count: 3 }]);
});

test('ingestFile quarantines and counts a deletion that does not name a single resource, and deletes nothing #deletions', async () => {
  const remove = (url: string) => ({ request: { method: 'DELETE', url } });
  const bundle = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
  const lines = [
    bundle(remove('Patient/p1'), remove('Observation?subject=https://ehr.example/fhir/Patient/p2')),
    { reference: 'Patient/p3' },
    { resourceType: 'Patient', id: 'p4' },
    'Patient/p5',
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { result, written } = ingest(`${text}{\n`, { file: { section: 'deleted', type: 'Bundle' } });
  expect(await result).toMatchObject({ deleted: 2, stored: 0, quarantined: 4, unreadableDeletions: 4 });
  expect(written.documents.map(({ resourceId }) => resourceId)).toEqual(['p1', 'p3']);
  expect(written.bad.map(({ line, reason }) => [line, reason])).toEqual([
    [1, 'unreadable-deletion'],
    [3, 'unreadable-deletion'],
    [4, 'unreadable-deletion'],
    [5, 'invalid-json'],
  ]);
});

const outcome = (...issue: object[]) => `${JSON.stringify({ resourceType: 'OperationOutcome', issue })}\n`;
const failed = { severity: 'error', code: 'exception', diagnostics: 'Observation/o1 cannot be exported' };

test('ingestFile counts the issues of an OperationOutcome among the resources, and does not store it as a resource', async () => {
  for (const promisedCount of [2, 3, undefined]) {
    const file = promisedCount === undefined ? {} : { promisedCount };
    const { result, written } = ingest(patient(1) + outcome(failed, { severity: 'warning' }) + patient(2), { file });
    expect(await result).toMatchObject({
      lines: 3,
      stored: 2,
      quarantined: 0,
      outcomes: 1,
      issues: [
        { severity: 'error', code: 'exception', count: 1, types: ['Observation'] },
        { severity: 'warning', code: 'unknown', count: 1 },
      ],
    });
    expect(written.documents.map(({ resourceId }) => resourceId)).toEqual(['p1', 'p2']);
    expect(written.bad).toEqual([]);
  }
  const fewer = ingest(patient(1) + outcome(failed), { file: { promisedCount: 3 } });
  await expect(fewer.result).rejects.toMatchObject({ code: 'count-mismatch' });
});

test('ingestFile counts issues in at most 100 combinations with types, and further ones as concerning any type', async () => {
  const codes = ['exception', 'timeout', 'not-found', 'processing'];
  const types = ['Account', 'Basic', 'Claim', 'Device', 'Endpoint', 'Flag', 'Goal', 'Invoice', 'Library', 'Media'];
  const issues = codes.flatMap((code) =>
    types.flatMap((type) => types.map((otherType) => ({ severity: 'error', code, expression: [type, otherType] }))),
  );
  const result = await ingest(patient(1) + outcome(...issues)).result;
  const counted = result?.issues ?? [];
  expect(counted.filter((issue) => issue.types !== undefined)).toHaveLength(100);
  expect(counted.length).toBeLessThanOrEqual(100 + codes.length);
  expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(400);
});

test('ingestFile stores a file of type Resource by the types of its lines, which its checkpoint names', async () => {
  const line = (resourceType: string, id: string) => `${JSON.stringify({ resourceType, id })}\n`;
  const text = line('Patient', 'p') + line('Observation', 'o') + line('Pateint', 'x') + line('Patient', 'q');
  const { result, written } = ingest(text, { file: { type: 'Resource', promisedCount: 4 } });
  expect(await result).toMatchObject({ stored: 3, quarantined: 1, types: ['Observation', 'Patient'] });
  expect(written.types).toEqual(['Patient', 'Observation']);
  expect(written.bad).toMatchObject([{ line: 3, reason: 'wrong-resource-type' }]);
  const checkpoint = { ...makeOutputFile().checkpoint, types: ['Condition'] };
  const resumed = ingest(line('Patient', 'p'), { file: { type: 'Resource', checkpoint } });
  expect((await resumed.result)?.types).toEqual(['Condition', 'Patient']);
});

test('ingestFile quarantines a resource with more values than BSON can hold #quarantine', async () => {
  const texts = `[${`"${'x'.repeat(32)}",`.repeat(400_000)}1]`;
  const big = `{"resourceType":"Patient","id":"big","extension":${texts}}\n`;
  const { result, written } = ingest(big + patient(1));
  expect(await result).toMatchObject({ quarantined: 1, stored: 1 });
  expect(written.bad).toMatchObject([{ reason: 'too-large' }]);
});

const bulkError = (code: number) => Object.assign(new Error('refused'), { code, writeErrors: [{ code, index: 0 }] });
const has = (documents: readonly ResourceDocument[], id: string) =>
  documents.some(({ resourceId }) => resourceId === id);

test('ingestFile finds and quarantines the lines that the database rejects, and stores the rest of their batch #quarantine', async () => {
  const refused = ['p0', 'p77', 'p124'];
  const { result, written } = ingest(patients(126), {
    refuses: (documents) => (refused.some((id) => has(documents, id)) ? bulkError(121) : undefined),
  });
  expect(await result).toMatchObject({ lines: 126, stored: 123, quarantined: 3 });
  expect(written.bad.map(({ line, reason, bytes }) => [line, reason, `${bytes}\n`])).toEqual([
    [1, 'refused-by-database', patient(0)],
    [78, 'refused-by-database', patient(77)],
    [125, 'refused-by-database', patient(124)],
  ]);
});

test.each([
  { name: 'an outage', error: Object.assign(new Error('closed'), { name: 'MongoNetworkError' }) },
  { name: 'a full disk', error: bulkError(14031) },
  { name: 'a write conflict', error: bulkError(112) },
  { name: 'a failed write concern', error: Object.assign(new Error('wtimeout'), { code: 64 }) },
  { name: 'missing rights', error: Object.assign(new Error('not authorized'), { code: 13 }) },
])('ingestFile fails the file and quarantines nothing after $name', async ({ error }) => {
  const { result, written } = ingest(patients(3), { refuses: () => error });
  await expect(result).rejects.toBe(error);
  expect(written.bad).toEqual([]);
});

test('ingestFile keeps the first 16 MB of a longer line with its hash, and stores the lines around it #long-line', async () => {
  const long = Buffer.from(`{"resourceType":"Patient","id":"long","x":"${'y'.repeat(17 * 1024 * 1024)}"}`);
  const text = Buffer.concat([Buffer.from(patient(1)), long, Buffer.from(`\n${patient(2)}`)]);
  const { result, written } = ingest(text, { file: { promisedCount: 3 }, chunkBytes: 1024 * 1024 });
  expect(await result).toMatchObject({ stored: 2, quarantined: 1 });
  expect(written.bad).toMatchObject([
    {
      line: 2,
      reason: 'line-too-long',
      sizeBytes: long.length,
      encryptedFile: 'long line 1',
      keptBytes: maxKeptLineBytes,
      sha256: hash('sha256', long, 'hex'),
    },
  ]);
  expect(written.longLines.map((line) => line.equals(long.subarray(0, maxKeptLineBytes)))).toEqual([true]);
});
