import type { AppError } from '@bulkhead/base';
import { exportError } from '../errors.ts';
import type { FileCheckpoint, OutputFile } from '../output-file.record.ts';
import type { FileBatch } from './file-batch.ts';

/** With two, whole jobs took 8 % longer. Each batch in flight costs memory. */
const maxInFlight = 3;

/** A worker that is killed repeats at most what it has stored since. The repeated lines count once. */
const usualSaveEveryMs = 1000;

interface Started {
  readonly writing: Promise<unknown>;
  readonly committed: Promise<boolean>;
}

/**
 * Writes the batches of a file to the database and commits them.
 *
 * Up to three batches are in flight, so that the database is not idle while one is compared with the stored resources, serialized or
 * committed. They may be written in any order, because the resource writer keeps the newest version of each resource. They are committed
 * in the order of the file, so that the checkpoint never passes a batch that is not stored. It is saved once a second, also while no further line
 * comes, and if the attempt ends before the file.
 */
export class BatchWrites {
  readonly #save: (checkpoint: FileCheckpoint) => Promise<boolean>;
  readonly #saveEveryMs: number;
  #checkpoint: FileCheckpoint;
  #savedAt = performance.now();
  #isSaved = true;
  /** Saves what was committed within the second. */
  #timer: NodeJS.Timeout | undefined;
  /** The last save, because they must end in their order. */
  #saving: Promise<boolean> = Promise.resolve(true);
  /** The batches in flight and some that are committed, in the order of the file. */
  #started: Started[] = [];

  constructor(options: {
    readonly file: OutputFile;
    readonly save: (checkpoint: FileCheckpoint) => Promise<boolean>;
    readonly saveEveryMs?: number;
  }) {
    this.#save = options.save;
    this.#saveEveryMs = options.saveEveryMs ?? usualSaveEveryMs;
    this.#checkpoint = options.file.checkpoint;
  }

  /** Starts to write a batch. Resolves when another one may be started. @returns false if this attempt must stop */
  async start(batch: FileBatch): Promise<boolean> {
    const writing = batch.write();
    const committed = this.#commit(this.#committed, writing);
    // A later call awaits these promises. Without this, a failure until then would be an unhandled rejection.
    writing.catch(() => undefined);
    committed.catch(() => undefined);
    this.#started = [...this.#started, { writing, committed }].slice(-maxInFlight);
    return this.#started.length < maxInFlight || (this.#started[0] as Started).committed;
  }

  /** Resolves when all started batches are committed. False if another attempt has taken over. */
  get #committed(): Promise<boolean> {
    return this.#started.at(-1)?.committed ?? Promise.resolve(true);
  }

  /**
   * Writes the last batch. The caller commits it together with the end of the file. A file of a few lines then needs one write of the
   * ledger instead of two.
   * @returns undefined if another attempt has taken over
   */
  async end(last: FileBatch): Promise<FileCheckpoint | undefined> {
    const before = this.#committed;
    const writing = last.write();
    writing.catch(() => undefined);
    this.#started.push({ writing, committed: before });
    const isHeld = await before;
    const checkpoint = this.#advance(await writing);
    this.#stopTimer();
    this.#isSaved = true;
    if (isHeld && (await this.#saving)) return checkpoint;
    await this.#save(checkpoint);
    return undefined;
  }

  /** Resolves when no write is in flight, whether the writes succeeded or failed, and what is stored is committed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#started.flatMap(({ writing, committed }) => [writing, committed]));
    this.#stopTimer();
    // The attempt has failed, and its error is what counts.
    await (this.#isSaved ? this.#saving : this.#saveNow()).catch(() => undefined);
  }

  async #commit(before: Promise<boolean>, writing: ReturnType<FileBatch['write']>): Promise<boolean> {
    const isHeld = await before;
    this.#advance(await writing);
    this.#isSaved = false;
    const waitMs = this.#savedAt + this.#saveEveryMs - performance.now();
    // Also saved if the attempt must stop, because a cancelled file counts what was stored before it stopped.
    if (!isHeld || waitMs <= 0) return (await this.#saveNow()) && isHeld;
    this.#timer ??= setTimeout(() => void this.#saveNow().catch(() => undefined), waitMs);
    return this.#saving;
  }

  /** Saves the checkpoint after the save before. If that one has failed or says that this attempt must stop, so does this one. */
  #saveNow(): Promise<boolean> {
    this.#stopTimer();
    this.#savedAt = performance.now();
    this.#isSaved = true;
    const checkpoint = this.#checkpoint;
    const before = this.#saving;
    this.#saving = before.then(async (isHeld) => (await this.#save(checkpoint)) && isHeld);
    return this.#saving;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #advance(advance: Awaited<ReturnType<FileBatch['write']>>): FileCheckpoint {
    this.#checkpoint = advance(this.#checkpoint);
    if (isGarbage(this.#checkpoint)) throw mostlyBadLines(this.#checkpoint);
    return this.#checkpoint;
  }
}

/** Whether the file is probably not NDJSON (an HTML page, a ZIP). Such a file must fail before it fills the quarantine. */
function isGarbage(checkpoint: FileCheckpoint): boolean {
  return checkpoint.quarantined > 1000 && checkpoint.quarantined > checkpoint.lines / 2;
}

function mostlyBadLines({ quarantined, lines }: FileCheckpoint): AppError {
  return exportError('too-many-bad-lines', {
    message: `More than half of the file's lines are not usable resources, so the rest was not read. ${whatToDo}`,
    context: { quarantined, lines },
  });
}

export function tooManyBadLines({ quarantined, lines }: FileCheckpoint): AppError {
  return exportError('too-many-bad-lines', {
    message: `Over 1 % of the file's lines are not usable resources. ${whatToDo}`,
    context: { quarantined, lines },
  });
}

const whatToDo = "See the reasons in the quarantine, and contact the EHR's support.";

export function noValidLines({ quarantined, lines }: FileCheckpoint): AppError {
  return exportError('no-valid-lines', { context: { quarantined, lines } });
}
