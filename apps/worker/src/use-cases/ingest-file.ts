import type { Readable } from 'node:stream';
import { AppError, accountedLines, type FileCheckpoint, type OutputFile } from '@bulkhead/domain';
import { LineSplitter } from '@bulkhead/fhir';
import type { Store } from '@bulkhead/store';
import { FileBatch } from './file-batch.ts';
import { LongLine } from './long-line.ts';

export interface IngestFileOptions {
  readonly store: {
    readonly resourceWriter: Store['resourceWriter'];
    readonly quarantine: Pick<Store['quarantine'], 'put' | 'createLongLine'>;
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
 * database has acknowledged. While one batch is written the next is read, never more. The stream's own error is a file
 * that did not end.
 * @returns undefined where another attempt has taken over.
 */
export async function ingestFile(options: IngestFileOptions): Promise<FileCheckpoint | undefined> {
  const { file, body, save } = options;
  const { bytes, lines } = file.checkpoint;
  const splitter = new LineSplitter({ maxLineBytes, startOffset: bytes, startLine: lines });
  let checkpoint = file.checkpoint;
  let batch = new FileBatch(options);
  let writing: Promise<boolean> = Promise.resolve(true);

  const write = async (full: FileBatch): Promise<boolean> => {
    checkpoint = await full.write(checkpoint);
    if (isGarbage(checkpoint)) throw tooManyBadLines(checkpoint);
    return save(checkpoint);
  };
  const flush = async (): Promise<boolean> => {
    const ours = await writing;
    if (!ours) return false;
    writing = write(batch);
    // Awaited by the next flush; without this a failure in between would be an unhandled rejection.
    writing.catch(() => undefined);
    batch = new FileBatch(options);
    return true;
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
  } catch (error) {
    await longLine.abort();
    throw error;
  }
  const [last] = splitter.end();
  const isCutOff = last !== undefined && !batch.addLast(last, await longLine.end());
  if (!(await flush()) || !(await writing)) return undefined;
  if (isCutOff) throw truncated();
  checkComplete({ file, checkpoint });
  return checkpoint;
}

/** Promised = stored + stale + quarantined, and not too much of it quarantined. */
function checkComplete({ file, checkpoint }: { readonly file: OutputFile; readonly checkpoint: FileCheckpoint }): void {
  const accounted = accountedLines(checkpoint);
  // What a count means for Bundles of deletions and for errors differs between servers.
  const { section, promisedCount } = file;
  if (section === 'output' && promisedCount !== undefined && promisedCount !== accounted)
    throw countMismatch(accounted);
  if (checkpoint.quarantined > 100 && checkpoint.quarantined > accounted / 100) throw tooManyBadLines(checkpoint);
}

/** A file that is no NDJSON at all (an HTML page, a ZIP) must not fill the quarantine before it fails. */
function isGarbage(checkpoint: FileCheckpoint): boolean {
  return checkpoint.quarantined > 1000 && checkpoint.quarantined > accountedLines(checkpoint) / 2;
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

function tooManyBadLines({ quarantined, lines }: FileCheckpoint): AppError {
  return new AppError({
    code: 'too-many-bad-lines',
    message: "Over 1 % of the file's lines are no usable resources. See the quarantine, and the EHR's support.",
    retry: 'never',
    context: { quarantined, lines },
  });
}
