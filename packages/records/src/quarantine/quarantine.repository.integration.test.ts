import { hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { KeptOutList } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { maxKeptRunBytes, maxQuarantinedLines, type QuarantinedLine } from './index.ts';
import { quarantineFeature } from './quarantine.feature.ts';

const now = new Date('2024-06-01T00:00:00Z');
/** The patients who are kept out. */
let keptOut: KeptOutList | undefined;
const { store, database, close } = await openTestStore((context) =>
  quarantineFeature.open({ ...context, gate: { ...context.gate, admit: async (_, write) => write(keptOut) } }),
);
afterAll(close);

function makeLine(runId: string, change: Partial<QuarantinedLine> = {}): QuarantinedLine {
  const bytes = Buffer.from('{"resourceType":');
  const place = {
    connectionId: 'conn_1',
    fileId: `${runId}.1`,
    line: 1,
    offset: 0,
    resourceType: 'Patient',
    reason: 'invalid-json',
  };
  return { runId, ...place, bytes, sizeBytes: bytes.length, ...change };
}

const listOf = (runId: string) => store.quarantine.list({ filter: { runId }, scope: 'all', limit: 10 });
const usage = () => database.collection<{ _id: string; keptBytes: number }>('quarantine_usage');
const usedBy = async (runId: string) => (await usage().findOne({ _id: runId }))?.keptBytes;
const fillUp = (runId: string, leftBytes: number) =>
  usage().insertOne({ _id: runId, keptBytes: maxKeptRunBytes - leftBytes });

describe('the quarantine #quarantine', () => {
  test('the quarantine keeps a whole line with its size and hash', async () => {
    const line = makeLine('job_whole');
    await store.quarantine.put({ lines: [line], now });
    const [entry] = await listOf('job_whole');
    const sha256 = hash('sha256', line.bytes ?? '', 'hex');
    expect(entry).toMatchObject({ sizeBytes: 16, keptBytes: 16, isTruncated: false, sha256 });
    expect(await text(await store.quarantine.openBytes(entry?.id ?? ''))).toBe('{"resourceType":');
  });

  test('the quarantine marks a long line as truncated if only its first part is kept', async () => {
    const place = { connectionId: 'conn_1', fileId: 'job_long.1', offset: 0 };
    const writer = await store.quarantine.createLongLine(place);
    await writer.write(Buffer.from('the first part'));
    const { bytes: _, ...line } = makeLine('job_long');
    const keptContent = { encryptedFile: await writer.end(), keptBytes: 14, sha256: 'abc' };
    await store.quarantine.put({ lines: [{ ...line, ...keptContent, sizeBytes: 1_000_000_000 }], now });
    const [entry] = await listOf('job_long');
    expect(entry).toMatchObject({ sizeBytes: 1_000_000_000, keptBytes: 14, isTruncated: true, sha256: 'abc' });
    expect(await text(await store.quarantine.openBytes(entry?.id ?? ''))).toBe('the first part');
    expect(await usedBy('job_long')).toBe(14);
  });

  test('the quarantine dismisses only lines of the connections that the caller may use', async () => {
    await store.quarantine.put({ lines: [makeLine('job_scoped')], now });
    const dismiss = (scope: 'all' | readonly string[]) =>
      store.quarantine.dismiss({ filter: { runId: 'job_scoped' }, scope });
    expect([await dismiss(['conn_2']), (await listOf('job_scoped'))[0]?.state]).toEqual([0, 'open']);
    expect([await dismiss(['conn_1']), (await listOf('job_scoped'))[0]?.state]).toEqual([1, 'dismissed']);
  });

  test('the quarantine keeps no content of lines that exceed the limit of their export', async () => {
    const runId = 'job_full';
    await fillUp(runId, 20);
    const place = { connectionId: 'conn_1', fileId: `${runId}.1`, offset: 200 };
    const writer = await store.quarantine.createLongLine(place);
    await writer.write(Buffer.from('a part of a long line'));
    const { bytes: _, ...long } = makeLine(runId, { line: 3, ...place, sizeBytes: 1000 });
    const encryptedFile = await writer.end();
    const lines = [
      makeLine(runId),
      makeLine(runId, { line: 2, offset: 100 }),
      { ...long, encryptedFile, keptBytes: 21, sha256: 'abc' },
      makeLine(runId, { line: 4, offset: 300, bytes: Buffer.from('null'), sizeBytes: 4 }),
    ];
    await store.quarantine.put({ lines, now });
    const entries = await listOf(runId);
    const sha256 = hash('sha256', '{"resourceType":', 'hex');
    expect(entries).toMatchObject([
      { line: 1, keptBytes: 16, isTruncated: false },
      { line: 2, keptBytes: 0, isTruncated: true, sizeBytes: 16, sha256, reason: 'invalid-json' },
      { line: 3, keptBytes: 0, isTruncated: true, sizeBytes: 1000, sha256: 'abc' },
      { line: 4, keptBytes: 4, isTruncated: false },
    ]);
    expect(await text(await store.quarantine.openBytes(entries[1]?.id ?? ''))).toBe('');
    const files = database.collection<{ _id: string }>('quarantine.files');
    expect(await files.countDocuments({ _id: encryptedFile })).toBe(0);
    expect(await usedBy(runId)).toBe(maxKeptRunBytes);
  });

  test('the quarantine keeps a long line that two attempts write at the same time #crash', async () => {
    const runId = 'job_twice';
    const { bytes: _, ...line } = makeLine(runId);
    const upload = async () => {
      const writer = await store.quarantine.createLongLine(line);
      await writer.write(Buffer.from('the first part'));
      return { ...line, encryptedFile: await writer.end(), keptBytes: 14, sha256: 'abc', sizeBytes: 1_000_000_000 };
    };
    // The first attempt has lost its job, and does not know that yet.
    const [first, second] = [await upload(), await upload()];
    await store.quarantine.put({ lines: [first], now });
    await store.quarantine.put({ lines: [second], now });
    // As after a broken connection to MongoDB that has hidden the first answer.
    await store.quarantine.put({ lines: [second], now });
    const [entry] = await listOf(runId);
    expect(await text(await store.quarantine.openBytes(entry?.id ?? ''))).toBe('the first part');
    const files = database.collection<{ _id: string }>('quarantine.files');
    expect(await files.countDocuments({ _id: { $in: [first.encryptedFile, second.encryptedFile] } })).toBe(1);
  });

  test('the quarantine of a run refuses lines beyond 100,000, and has room again for a file that is read again', async () => {
    const runId = 'job_of_many_lines';
    await store.quarantine.put({ lines: [makeLine(runId)], now });
    await usage().updateOne({ _id: runId }, { $set: { lines: maxQuarantinedLines - 1 } });
    const put = (line: number) => store.quarantine.put({ lines: [makeLine(runId, { line, offset: line })], now });
    await put(2);
    await expect(put(3)).rejects.toMatchObject({ code: 'quarantine-full', retry: 'never' });
    expect(await listOf(runId)).toHaveLength(2);
    await store.quarantine.deleteByFile(`${runId}.1`);
    await put(3);
    expect(await listOf(runId)).toHaveLength(1);
  });

  test('the quarantine frees the room of the lines of a file that is read again', async () => {
    const runId = 'job_again';
    const lines = [makeLine(runId), makeLine(runId, { line: 2, offset: 100 })];
    await Promise.all(lines.map((line) => store.quarantine.put({ lines: [line], now })));
    expect(await usedBy(runId)).toBe(32);
    await store.quarantine.deleteByFile(`${runId}.1`);
    expect(await usedBy(runId)).toBe(0);
    expect(await listOf(runId)).toEqual([]);
  });

  const ofPatient = (runId: string, id: string, change: Partial<QuarantinedLine> = {}) => {
    const bytes = Buffer.from(`{"resourceType":"Condition","subject":{"reference":"Patient/${id}"},"code":`);
    return makeLine(runId, { bytes, sizeBytes: bytes.length, ...change });
  };
  const contentOf = async (runId: string) => {
    const records = await database.collection('quarantine').find({ runId }).sort({ _id: 1 }).toArray();
    return records.map(({ encryptedBytes, encryptedFile, encryptedCorrection, sha256 }) =>
      [encryptedBytes, encryptedFile, encryptedCorrection, sha256].some((content) => content !== undefined),
    );
  };
  const filesOf = (runId: string) =>
    database.collection<{ _id: string }>('quarantine.files').countDocuments({ _id: { $regex: `^${runId}` } });

  test('the quarantine keeps nothing but the position of a line of a patient who is kept out', async () => {
    const runId = 'job_kept_out';
    keptOut = { hasPatient: (id) => id === 'erased' };
    const { bytes: _, ...long } = makeLine(runId, { line: 3, offset: 200, sizeBytes: 1_000_000 });
    const writer = await store.quarantine.createLongLine(long);
    await writer.write(Buffer.from('{"subject":{"reference":"Patient/erased"}'));
    const lines = [
      ofPatient(runId, 'erased'),
      ofPatient(runId, 'another', { line: 2, offset: 100 }),
      { ...long, encryptedFile: await writer.end(), keptBytes: 41, sha256: 'abc' },
      makeLine(runId, { line: 4, offset: 300, bytes: Buffer.from('PID|1||erased'), sizeBytes: 13 }),
    ];
    expect(await store.quarantine.put({ lines, now }).finally(() => (keptOut = undefined))).toBe(3);
    expect((await listOf(runId)).map(({ state }) => state)).toEqual(['withheld', 'open', 'withheld', 'withheld']);
    expect(await contentOf(runId)).toEqual([false, true, false, false]);
    expect(await filesOf(runId)).toBe(0);
    expect(await usedBy(runId)).toBe(lines[1]?.sizeBytes);
  });

  test('an erasure removes the bytes, the correction and the room of a line, and nothing opens it again', async () => {
    const runId = 'job_erased';
    const bytes = Buffer.alloc(2 * 1024 * 1024, 'x');
    await store.quarantine.put({
      lines: [ofPatient(runId, 'erased'), makeLine(runId, { line: 2, offset: 100, bytes })],
      now,
    });
    const ids = (await listOf(runId)).map(({ id }) => id);
    for (const id of ids) {
      await store.quarantine.saveCorrection({ id, bytes: Buffer.from('{"subject":"Patient/erased"}') });
      expect(await store.quarantine.withhold({ id, now })).toBe(true);
      expect(await store.quarantine.withhold({ id, now })).toBe(false);
    }
    expect(await contentOf(runId)).toEqual([false, false]);
    expect(await filesOf(runId)).toBe(0);
    expect(await usedBy(runId)).toBe(0);
    // A request and a replay that began before the erasure.
    for (const id of ids) {
      await store.quarantine.saveCorrection({ id, bytes: Buffer.from('{"subject":"Patient/erased"}') });
      for (const reason of ['wrong-type', undefined]) await store.quarantine.noteReplay({ id, reason, now });
    }
    expect(await contentOf(runId)).toEqual([false, false]);
    expect((await listOf(runId)).map(({ state }) => state)).toEqual(['withheld', 'withheld']);
  });
});
