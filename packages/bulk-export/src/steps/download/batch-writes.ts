import { AppError } from '@bulkhead/runtime';
import type { FileCheckpoint, OutputFile } from '../../output-file.record.ts';
import type { FileBatch } from './file-batch.ts';

/**
 * The batches of a file on their way into the database. Two are written at a time, so that the database is not idle while
 * one is compared with what is stored, serialized or committed; what the guards of the resource writer are for makes their
 * order irrelevant. Commits go in the order of the file: the checkpoint never stands behind a batch that is not stored.
 */
export class BatchWrites {
  readonly #save: (checkpoint: FileCheckpoint) => Promise<boolean>;
  #checkpoint: FileCheckpoint;
  /** Of all batches so far; false: another attempt has taken over. */
  #committed: Promise<boolean> = Promise.resolve(true);
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly file: OutputFile;
    readonly save: (checkpoint: FileCheckpoint) => Promise<boolean>;
  }) {
    this.#save = options.save;
    this.#checkpoint = options.file.checkpoint;
  }

  /** Starts to write a batch. Resolves when the one before it is committed, to whether this attempt may go on. */
  async start(batch: FileBatch): Promise<boolean> {
    const before = this.#committed;
    const writing = batch.write();
    this.#lastWrite = writing;
    this.#committed = this.#commit({ before, writing });
    // Awaited by the next start; without this a failure in between would be an unhandled rejection.
    writing.catch(() => undefined);
    this.#committed.catch(() => undefined);
    return before;
  }

  /**
   * Writes the last batch. Its commit is the end of the file, which is the caller's: for a file of a few lines that is one
   * write of the ledger instead of two.
   * @returns undefined where another attempt has taken over.
   */
  async end(last: FileBatch): Promise<FileCheckpoint | undefined> {
    const writing = last.write();
    this.#lastWrite = writing;
    writing.catch(() => undefined);
    if (!(await this.#committed)) return undefined;
    return this.#advance(await writing);
  }

  /** Resolves when nothing is on its way any more, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#lastWrite, this.#committed]);
  }

  async #commit(options: {
    readonly before: Promise<boolean>;
    readonly writing: ReturnType<FileBatch['write']>;
  }): Promise<boolean> {
    if (!(await options.before)) return false;
    return this.#save(this.#advance(await options.writing));
  }

  #advance(advance: Awaited<ReturnType<FileBatch['write']>>): FileCheckpoint {
    this.#checkpoint = advance(this.#checkpoint);
    if (isGarbage(this.#checkpoint)) throw tooManyBadLines(this.#checkpoint);
    return this.#checkpoint;
  }
}

/** A file that is no NDJSON at all (an HTML page, a ZIP) must not fill the quarantine before it fails. */
function isGarbage(checkpoint: FileCheckpoint): boolean {
  return checkpoint.quarantined > 1000 && checkpoint.quarantined > checkpoint.lines / 2;
}

export function tooManyBadLines(checkpoint: FileCheckpoint): AppError {
  return badLines({
    code: 'too-many-bad-lines',
    found: "Over 1 % of the file's lines are not usable resources.",
    checkpoint,
  });
}

export function noValidLines(checkpoint: FileCheckpoint): AppError {
  return badLines({ code: 'no-valid-lines', found: "None of the file's lines is a usable resource.", checkpoint });
}

function badLines(options: {
  readonly code: string;
  readonly found: string;
  readonly checkpoint: FileCheckpoint;
}): AppError {
  const { code, found, checkpoint } = options;
  const { quarantined, lines } = checkpoint;
  return new AppError({
    code,
    message: `${found} See their reasons in the quarantine, and ask the EHR's support.`,
    retry: 'never',
    context: { quarantined, lines },
  });
}
