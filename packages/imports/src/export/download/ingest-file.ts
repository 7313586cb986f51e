import { LongLine } from './file-batch.ts';
/*
 * Reads a file from the network into the database with bounded memory:
 *
 *   body -> LineSplitter -> FileBatch -> BatchWrites -> resources, tombstones, quarantine -> checkpoint
 *              |                |             |
 *              |                |             three batches at a time, committed in the order of the file
 *              |                parses and checks each line, collects resources, deletions, issues and bad lines
 *              splits on bytes. Lines that are too long for a document go to LongLine, which writes their start to the quarantine
 *
 * The checkpoint counts the bytes and lines that the database has acknowledged. After a failure the next attempt resumes at it. At
 * the end every promised resource must be stored, unchanged, stale, quarantined or withheld. Otherwise the file fails.
 */

import type { Readable } from 'node:stream';
import type { AppError, ByteBudget } from '@bulkhead/base';
import { LineSplitter, type NdjsonLine } from '@bulkhead/fhir';
import type { ResourceWriter } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { BufferPool } from '@bulkhead/store/bson';
import { exportError } from '../errors.ts';
import { accountedLines, type FileCheckpoint, type OutputFile } from '../output-file.record.ts';
import { BatchWrites, noValidLines, tooManyBadLines } from './batch-writes.ts';
import type { Observation } from './export-contexts.ts';
import { FileBatch, firstBatchLines } from './file-batch.ts';

export interface IngestFileOptions {
  readonly store: {
    readonly resourceWriter: ResourceWriter;
    readonly quarantine: Pick<QuarantineStore['quarantine'], 'put' | 'createLongLine'>;
  };
  /** Its checkpoint is the position at which `body` starts. */
  readonly file: OutputFile;
  /** See `observation`. */
  readonly observation: Observation;
  readonly body: Readable;
  readonly now: () => Date;
  readonly buffers: BufferPool;
  /** For large lines, of all files of the process. */
  readonly largeBytes: ByteBudget;
  /** Commits progress. Returns false if another attempt has taken over. */
  readonly save: (checkpoint: FileCheckpoint) => Promise<boolean>;
  /** Default: a second. */
  readonly saveEveryMs?: number;
}

/** BSON allows 16 MB, and a document is a little larger than its line. */
export const maxLineBytes = 15 * 1024 * 1024;

/** Shorter lines need little memory: the lines of a batch have as many bytes together. */
const largeLineBytes = 1024 * 1024;

/**
 * Stores the lines of `body`. Throws the error of the stream if the file is not received to its end.
 * @returns the last checkpoint, which the caller commits with the end of the file. Undefined if another attempt has taken over
 */
export async function ingestFile(options: IngestFileOptions): Promise<FileCheckpoint | undefined> {
  const { file, body } = options;
  const { bytes, lines } = file.checkpoint;
  const splitter = new LineSplitter({ maxLineBytes, startOffset: bytes, startLine: lines });
  const writes = new BatchWrites(options);
  let batch = new FileBatch(options, firstBatchLines);
  const flush = (): Promise<boolean> => {
    const full = batch;
    batch = new FileBatch(options);
    return writes.start(full);
  };

  const longLine = new LongLine(options);
  // A large line is in memory several times, as bytes, text, objects and BSON, until it is written.
  let reservation = options.largeBytes.reserve(maxLineBytes);
  const add = async (line: NdjsonLine): Promise<boolean> => {
    await batch.add(line, await longLine.end());
    if (line.sizeBytes > largeLineBytes) {
      // The batch holds the line until it is written, so it also holds its bytes. The next large line needs others.
      batch.keep(reservation);
      reservation = options.largeBytes.reserve(maxLineBytes);
    }
    return !batch.isFull || flush();
  };
  /** What came before a download broke off is stored, so that the next attempt continues after it. */
  const endEarly = async (): Promise<void> => {
    await longLine.abort();
    if (body.errored) await flush().catch(() => undefined);
  };
  try {
    for await (const chunk of body) {
      for (const piece of splitter.push(chunk as Buffer)) {
        if ('part' in piece) await longLine.write(piece);
        else if (!(await add(piece))) return undefined;
      }
      if (splitter.pendingBytes > largeLineBytes) await reservation.take();
    }
    const [last] = splitter.end();
    const isCutOff = last !== undefined && !(await batch.addLast(last, await longLine.end()));
    const checkpoint = await writes.end(batch);
    const fault = checkpoint && (isCutOff ? exportError('file-truncated') : incompleteness(file, checkpoint));
    if (!fault) return checkpoint;
    // Commit what is stored before the fault of the whole file is reported.
    if (await options.save(checkpoint)) throw fault;
    return undefined;
  } catch (error) {
    await endEarly();
    throw error;
  } finally {
    // Writes that are in flight must not end after the next attempt has started.
    await writes.settled();
    reservation.release();
    batch.release();
  }
}

/** A file is complete if promised = stored + stale + quarantined + withheld, and not all or too much of it is quarantined. */
function incompleteness(file: OutputFile, checkpoint: FileCheckpoint): AppError | undefined {
  const accounted = accountedLines(checkpoint);
  // For Bundles of deletions and for errors the meaning of a count differs between servers.
  const { section, promisedCount } = file;
  const { quarantined, lines, outcomes = 0, headers = 0 } = checkpoint;
  // Some servers count the OperationOutcomes and the headers among the resources, others do not.
  const others = [0, outcomes, headers, outcomes + headers];
  const isAsPromised = others.some((count) => promisedCount === accounted + count);
  if (section === 'output' && promisedCount !== undefined && !isAsPromised)
    return exportError('count-mismatch', { context: { count: accounted } });
  if (section === 'output' && quarantined > 0 && quarantined === accounted) return noValidLines(checkpoint);
  return quarantined > 100 && quarantined > lines / 100 ? tooManyBadLines(checkpoint) : undefined;
}
