/*
 * Sends documents to MongoDB as the BSON bytes that they already are.
 *
 * The driver has no public way to do this: it serializes objects only. In a message of the wire protocol, the documents of an `insert` and
 * the updates of an `update` can be a document sequence (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg).
 * The driver has a class for such sequences, which it does not export. A subclass with bytes of our own, given to `db.command`, is sent
 * as it is. Unlike the driver's `bulkWrite`, `db.command` reports `writeErrors` and `writeConcernError` in its result instead of throwing,
 * uses no default write concern, does not repeat a write after a lost connection, and does not split large batches.
 *
 * `openRawWrites` checks that the driver still works like this. If it does not, the caller uses `bulkWrite`.
 */

import mongoose from 'mongoose';
import { BsonWriter } from '../bson/index.ts';

const { BSON, WriteConcern } = mongoose.mongo;

/** Writes one document. */
export type WriteDocument = (writer: BsonWriter) => void;

export interface RawReplacement {
  readonly filter: object;
  readonly replacement: WriteDocument;
}

export interface RawWrites {
  /**
   * @returns the positions of the documents that violate a unique index
   * @throws WriteFailure if MongoDB refuses a document for another reason
   */
  insert(collection: string, documents: readonly WriteDocument[]): Promise<readonly number[]>;
  /** Replaces the documents that match their filters. @returns how many matched. @throws WriteFailure */
  replace(collection: string, replacements: readonly RawReplacement[]): Promise<number>;
}

/** MongoDB refused documents, or has not confirmed the write. It has the fields of the driver's `MongoBulkWriteError`. */
class WriteFailure extends Error {
  readonly code: number;
  readonly writeErrors: readonly WriteError[];

  constructor({ code, writeErrors = [] }: { readonly code: number; readonly writeErrors?: readonly WriteError[] }) {
    super('MongoDB has refused a document or has not confirmed a write.');
    this.name = 'WriteFailure';
    this.code = code;
    this.writeErrors = writeErrors;
  }
}

interface WriteError {
  readonly index: number;
  readonly code: number;
}

interface WriteResult {
  readonly n: number;
  readonly writeErrors?: readonly WriteError[];
  readonly writeConcernError?: { readonly code: number };
}

const duplicateKey = 11000;

/**
 * A message has at most 48,000,000 bytes (https://www.mongodb.com/docs/manual/reference/command/hello/, `maxMessageSizeBytes`). This leaves
 * space for the largest document, 16 MB, and for the rest of the message.
 */
const maxSequenceBytes = 31_000_000;
/** A batch of resources has some 200 kB. */
const usualSequenceBytes = 256 * 1024;
/** A buffer that a batch of large documents has made larger than this is not kept. */
const maxKeptBytes = 4 * usualSequenceBytes;
/**
 * MongoDB ends a write that takes longer, and its job is retried. A batch takes milliseconds. `resource-changes.ts` relies on the limit.
 * It must allow a majority that follows slowly.
 */
export const maxWriteMs = 60_000;
/** Each command in flight takes some 800 kB. Even if the database takes 30 ms for each, four are more than a worker can fill. */
const maxCommands = 4;

/**
 * @param load returns the classes of the driver. It fails if the driver has moved them
 * @returns undefined if this version of the driver works differently
 */
export async function openRawWrites(
  database: mongoose.Connection,
  load: () => Promise<Driver> = loadDriver,
): Promise<RawWrites | undefined> {
  const driver = await load().catch(() => undefined);
  if (!driver) return undefined;
  const RawSequence = rawSequenceClass(driver.DocumentSequence);
  if (!isSentUnchanged({ ...driver, RawSequence })) return undefined;
  const writers = new WriterPool();

  /** @returns the results of one or more commands, with the position of the first document of each */
  const send = (command: { readonly [name: string]: string }, field: string, documents: readonly WriteDocument[]) =>
    writers.use(async (writer) => {
      const { db } = database;
      if (!db) throw new Error('The connection to MongoDB is not open.');
      const results = [];
      for (let start = 0, end = 0; start < documents.length; start = end) {
        writer.clear();
        writer.append(sequenceHeader(field));
        for (end = start; end < documents.length && writer.sizeBytes < maxSequenceBytes; end++)
          documents[end]?.(writer);
        const sequence = new RawSequence(field, withLength(writer.bytes));
        const complete = { ...command, ordered: false, maxTimeMS: maxWriteMs, [field]: sequence };
        // Without the write concern MongoDB would not wait for the majority.
        const result = await db.command(db.writeConcern ? WriteConcern.apply(complete, db.writeConcern) : complete);
        results.push({ start, ...readResult(result as unknown as WriteResult) });
      }
      return results;
    });

  return {
    async insert(collection, documents) {
      const results = await send({ insert: collection }, 'documents', documents);
      return results.flatMap(({ start, writeErrors }) => writeErrors.map(({ index }) => start + index));
    },
    async replace(collection, replacements) {
      const results = await send({ update: collection }, 'updates', replacements.map(toUpdate));
      return results.reduce((sum, { n }) => sum + n, 0);
    },
  };
}

/** Writers whose buffers are used again and again, for a limited number of commands at a time. */
class WriterPool {
  readonly #free: BsonWriter[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;

  async use<Result>(work: (writer: BsonWriter) => Promise<Result>): Promise<Result> {
    // The call that releases its writer hands its turn on, so that the number in use stays the same.
    if (this.#inUse === maxCommands) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inUse += 1;
    try {
      const writer = this.#free.pop() ?? new BsonWriter(usualSequenceBytes);
      const result = await work(writer);
      // After an error the writer is not used again, because the driver may still hold its bytes.
      if (writer.capacityBytes <= maxKeptBytes) this.#free.push(writer);
      return result;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inUse -= 1;
    }
  }
}

/** @throws WriteFailure unless all that went wrong is that documents violate a unique index */
function readResult({ n, writeErrors = [], writeConcernError }: WriteResult) {
  if (writeConcernError) throw new WriteFailure({ code: writeConcernError.code });
  const refused = writeErrors.find(({ code }) => code !== duplicateKey);
  if (refused) throw new WriteFailure({ code: refused.code, writeErrors });
  return { n, writeErrors };
}

function toUpdate({ filter, replacement }: RawReplacement): WriteDocument {
  return (writer) => {
    const start = writer.startDocument();
    writer.fields({ q: filter });
    writer.startField('u');
    replacement(writer);
    writer.fields({ multi: false, upsert: false });
    writer.endDocument(start);
  };
}

/** The part of the driver's `DocumentSequence` that is used. */
interface DocumentSequence {
  toBin(): Uint8Array;
}

interface Driver {
  readonly DocumentSequence: new (field: string) => DocumentSequence;
  readonly OpMsgRequest: new (database: string, command: object, options: object) => { toBin(): readonly Uint8Array[] };
}

async function loadDriver(): Promise<Driver> {
  // @ts-expect-error The driver has no types for this file.
  const { default: driver } = (await import('mongodb/lib/cmap/commands.js')) as { readonly default: Driver };
  return driver;
}

type RawSequenceClass = new (field: string, section: Uint8Array) => DocumentSequence;

function rawSequenceClass(Base: Driver['DocumentSequence']): RawSequenceClass {
  return class RawSequence extends Base {
    readonly #section: Uint8Array;

    constructor(field: string, section: Uint8Array) {
      super(field);
      this.#section = section;
    }

    override toBin(): Uint8Array {
      return this.#section;
    }
  };
}

/** A section of a message: the byte of its kind, its length without this byte, its name, and the documents. */
function sequenceHeader(field: string): Buffer {
  return Buffer.from([1, 0, 0, 0, 0, ...Buffer.from(field), 0]);
}

function withLength(section: Buffer): Buffer {
  section.writeInt32LE(section.length - 1, 1);
  return section;
}

/** Whether a message of the driver has the bytes of a raw sequence as its last section. */
function isSentUnchanged(driver: Driver & { readonly RawSequence: RawSequenceClass }): boolean {
  const section = withLength(Buffer.concat([sequenceHeader('documents'), BSON.serialize({ _id: 'a' })]));
  try {
    const command = { insert: 'c', documents: new driver.RawSequence('documents', section) };
    const message = Buffer.concat(new driver.OpMsgRequest('db', command, {}).toBin());
    return message.subarray(-section.length).equals(section);
  } catch {
    return false;
  }
}
