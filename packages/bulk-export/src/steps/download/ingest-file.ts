import type { Readable } from 'node:stream';
import { LineSplitter } from '@bulkhead/fhir';
import { AppError } from '@bulkhead/runtime';
import { accountedLines } from '../../accounting.ts';
import type { BulkExport } from '../../bulk-export.record.ts';
import type { FileCheckpoint, OutputFile } from '../../output-file.record.ts';
import type { BulkExportStore } from '../../store.ts';
import { clockToleranceMs } from '../../watermarks/watermark.ts';
import { BatchWrites, noValidLines, tooManyBadLines } from './batch-writes.ts';
import { FileBatch } from './file-batch.ts';
import { LongLine } from './long-line.ts';

export interface IngestFileOptions {
  readonly store: {
    readonly resourceWriter: BulkExportStore['resourceWriter'];
    readonly quarantine: Pick<BulkExportStore['quarantine'], 'put' | 'createLongLine'>;
  };
  /** With the checkpoint at which `body` starts. */
  readonly file: OutputFile;
  /** The export's transactionTime. */
  readonly observedAt: Date;
  readonly body: Readable;
  readonly now: () => Date;
  /** Commits progress; false: another attempt has taken over. */
  readonly save: (checkpoint: FileCheckpoint) => Promise<boolean>;
}

/** BSON ends at 16 MB; a document is a little more than its line. */
const maxLineBytes = 15 * 1024 * 1024;

/**
 * Network to database with bounded memory: split on bytes, parse, check, batch, write; the checkpoint moves after the
 * database has acknowledged. The stream's own error is a file that did not end.
 * @returns the last checkpoint, to be committed with the end of the file; undefined where another attempt has taken over.
 */
export async function ingestFile(options: IngestFileOptions): Promise<FileCheckpoint | undefined> {
  const { file, body } = options;
  const { bytes, lines } = file.checkpoint;
  const splitter = new LineSplitter({ maxLineBytes, startOffset: bytes, startLine: lines });
  const writes = new BatchWrites(options);
  let batch = new FileBatch(options);
  const flush = (): Promise<boolean> => {
    const full = batch;
    batch = new FileBatch(options);
    return writes.start(full);
  };

  const longLine = new LongLine(options);
  try {
    for await (const chunk of body) {
      for (const found of splitter.push(chunk as Buffer)) {
        if ('part' in found) {
          await longLine.write(found);
          continue;
        }
        batch.add(found, await longLine.end());
        if (batch.isFull && !(await flush())) return undefined;
      }
    }
    const [last] = splitter.end();
    const isCutOff = last !== undefined && !batch.addLast(last, await longLine.end());
    const checkpoint = await writes.end(batch);
    const fault = checkpoint && (isCutOff ? truncated() : incompleteness({ file, checkpoint }));
    if (!fault) return checkpoint;
    // What is wrong with the whole is told of what is stored.
    if (await options.save(checkpoint)) throw fault;
    return undefined;
  } catch (error) {
    await longLine.abort();
    throw error;
  } finally {
    // What is still on its way must not arrive in what a next attempt has begun.
    await writes.settled();
  }
}

/** Promised = stored + stale + quarantined, and not all or too much of it quarantined. */
function incompleteness(options: {
  readonly file: OutputFile;
  readonly checkpoint: FileCheckpoint;
}): AppError | undefined {
  const { file, checkpoint } = options;
  const accounted = accountedLines(checkpoint);
  // What a count means for Bundles of deletions and for errors differs between servers.
  const { section, promisedCount } = file;
  const { quarantined, lines, outcomes = 0 } = checkpoint;
  // Servers count the OperationOutcomes among the resources or do not.
  const isAsPromised = promisedCount === accounted || promisedCount === accounted + outcomes;
  if (section === 'output' && promisedCount !== undefined && !isAsPromised) return countMismatch(accounted);
  if (section === 'output' && quarantined > 0 && quarantined === accounted) return noValidLines(checkpoint);
  return quarantined > 100 && quarantined > lines / 100 ? tooManyBadLines(checkpoint) : undefined;
}

function truncated(): AppError {
  return new AppError({
    code: 'file-truncated',
    message: "The file's last line is not whole, so the rest is missing. It is fetched again from there.",
    retry: 'later',
  });
}

function countMismatch(accounted: number): AppError {
  return new AppError({
    code: 'count-mismatch',
    message: 'The file does not hold as many resources as the manifest promised. It is fetched again.',
    retry: 'later',
    context: { count: accounted },
  });
}

/** When the versions in an export were current at the server. A transaction time in the future would outrank every later version. */
export function observedAt({ transactionTime, kickedOffAt, createdAt }: BulkExport, now: Date): Date {
  const at = new Date(transactionTime ?? createdAt);
  return at.getTime() > now.getTime() + clockToleranceMs ? (kickedOffAt ?? createdAt) : at;
}
