import { testServices, waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { openRawWrites, type WriteDocument } from './raw-writes.ts';
import { isDocumentRefused } from './store-errors.ts';

/** The contract with the driver. If an update of the driver breaks it, workers use `bulkWrite` and are slower. */

/** The commands that the driver has sent. */
const sent: Record<string, unknown>[] = [];
const options = { writeConcern: { w: 'majority', journal: true }, monitorCommands: true } as const;
const database = await mongoose.createConnection(testServices().mongodbUri, options).asPromise();
database.getClient().on('commandStarted', ({ command }) => sent.push(command));
const opened = await openRawWrites(database);
if (!opened) throw new Error('This version of the driver does not send raw documents.');
const writes = opened;
afterAll(() => database.close());

let collections = 0;
const newCollection = () => `raw_${++collections}`;
const toDocument =
  (fields: object): WriteDocument =>
  (writer) => {
    const start = writer.startDocument();
    writer.fields(fields);
    writer.endDocument(start);
  };
const readAll = (name: string) => database.collection(name).find().sort({ _id: 1 }).toArray();

describe('raw writes', () => {
  test('inserts documents with the write concern of the connection', async () => {
    const name = newCollection();
    const documents = [
      { _id: 'a', n: 1, at: new Date(5) },
      { _id: 'b', list: ['é', null, { x: 1.5 }] },
    ];
    expect(await writes.insert(name, documents.map(toDocument))).toEqual([]);
    expect(await readAll(name)).toEqual(documents);
    expect(sent.findLast((command) => command.insert === name)).toMatchObject({
      ordered: false,
      writeConcern: { w: 'majority', j: true },
    });
  });

  test('returns the positions of documents that are already stored, and inserts the others', async () => {
    const name = newCollection();
    await writes.insert(name, [toDocument({ _id: 'b', n: 1 })]);
    const documents = ['a', 'b', 'c', 'b'].map((_id) => ({ _id, n: 2 }));
    expect(await writes.insert(name, documents.map(toDocument))).toEqual([1, 3]);
    expect(await readAll(name)).toEqual([
      { _id: 'a', n: 2 },
      { _id: 'b', n: 1 },
      { _id: 'c', n: 2 },
    ]);
  });

  test('replaces only the documents that match their filters, and never inserts one', async () => {
    const name = newCollection();
    await writes.insert(name, [toDocument({ _id: 'a', n: 1 }), toDocument({ _id: 'b', n: 1 })]);
    const matched = await writes.replace(name, [
      { filter: { _id: 'a', n: 1 }, replacement: toDocument({ _id: 'a', n: 2, x: true }) },
      { filter: { _id: 'b', n: 7 }, replacement: toDocument({ _id: 'b', n: 2 }) },
      { filter: { _id: 'c', n: 1 }, replacement: toDocument({ _id: 'c', n: 2 }) },
    ]);
    expect(matched).toBe(1);
    expect(await readAll(name)).toEqual([
      { _id: 'a', n: 2, x: true },
      { _id: 'b', n: 1 },
    ]);
  });

  test('sends a large batch in several commands, and returns positions in the whole batch', async () => {
    const name = newCollection();
    const text = 'x'.repeat(12_000_000);
    const documents = ['a', 'b', 'c', 'd', 'd'].map((_id) => toDocument({ _id, text }));
    expect(await writes.insert(name, documents)).toEqual([4]);
    expect(sent.filter((command) => command.insert === name)).toHaveLength(2);
    expect(await database.collection(name).countDocuments()).toBe(4);
    await database.collection(name).drop();
  });

  test('sends at most four commands at a time, whether they succeed or fail, and keeps no turn after a failure', async () => {
    const answers: (() => void)[] = [];
    const results = { ok: { ok: 1, n: 1 }, lost: { ok: 1, n: 1, writeConcernError: { code: 91 } } };
    const command = ({ insert }: { readonly insert: keyof typeof results }) =>
      new Promise((resolve) => answers.push(() => resolve(results[insert])));
    const opened = await openRawWrites({ db: { command } } as unknown as mongoose.Connection);
    const inserts = ['lost', 'ok', 'lost', 'lost', 'ok', 'ok', 'lost', 'ok', 'ok'].map((name) =>
      opened?.insert(name, [toDocument({ _id: name })]),
    );
    const settled = Promise.allSettled(inserts);
    for (let sent = 4; sent <= inserts.length; sent++) {
      await waitFor(() => answers.length === sent);
      answers[sent - 4]?.();
    }
    for (const answer of answers) answer();
    expect((await settled).map(({ status }) => status === 'fulfilled')).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  test('fails if MongoDB refuses a document, and the error says that a document is the cause', async () => {
    const name = newCollection();
    await database.createCollection(name, { validator: { n: { $type: 'number' } } });
    const documents = [{ _id: 'a', n: 1 }, { _id: 'b' }, { _id: 'a', n: 1 }].map(toDocument);
    const failure = await writes.insert(name, documents).catch((error: unknown) => error);
    expect([isDocumentRefused(failure), failure]).toEqual([true, expect.objectContaining({ code: 121 })]);
    // The text of MongoDB can contain the document.
    expect((failure as Error).message).not.toMatch(/"?b"?\b.*_id/);
  });

  test('fails if MongoDB does not confirm the write', async () => {
    const disk = { ok: 1, n: 1, writeConcernError: { code: 91, errmsg: 'shutdown' } };
    const unconfirmed = { db: { command: async () => disk } } as unknown as mongoose.Connection;
    const opened = await openRawWrites(unconfirmed);
    const failure = await opened?.insert('x', [toDocument({ _id: 'a' })]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'WriteFailure', code: 91 });
    expect(isDocumentRefused(failure)).toBe(false);
  });

  test('is not available if the driver has moved its classes or serializes sequences in another way', async () => {
    const { default: driver } = (await import('mongodb/lib/cmap/commands.js' as string)) as { default: never };
    class Ignoring {
      toBin(): readonly Uint8Array[] {
        return [Buffer.from('another message')];
      }
    }
    expect(await openRawWrites(database, async () => driver)).toBeDefined();
    expect(await openRawWrites(database, () => Promise.reject(new Error('not found')))).toBeUndefined();
    const other = { ...(driver as object), OpMsgRequest: Ignoring } as never;
    expect(await openRawWrites(database, async () => other)).toBeUndefined();
  });
});
