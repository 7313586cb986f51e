import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { onEndingSignal } from '../download.ts';
import { CliError } from '../exit-codes.ts';

/*
 * A folder has one writer. Its lock is a file that it touches again and again. A program that was killed no longer does, so the next one watches
 * the file for some beats and then takes it over. Two machines that share the folder need no common clock, and no process id is asked for, which
 * would mean another process in another container.
 */

/** Often enough that a busy machine does not miss five of them. */
const defaultBeatMs = 2000;
const missedBeats = 5;

export class FolderLock {
  readonly #file: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;

  private constructor(options: { readonly file: string; readonly token: string; readonly beatMs: number }) {
    this.#file = options.file;
    this.#token = options.token;
    this.#timer = setInterval(() => this.#beat(), options.beatMs).unref();
    this.#stopListening = onEndingSignal(() => this.release());
  }

  /** @param options.onWait called if a program that was killed, or another one, has left a lock. @throws CliError if another program writes to the folder */
  static async take(
    file: string,
    options: { readonly beatMs?: number; readonly onWait?: () => void } = {},
  ): Promise<FolderLock> {
    const { beatMs = defaultBeatMs, onWait } = options;
    const token = `${randomUUID()} ${hostname()} ${process.pid}`;
    for (;;) {
      if (create(file, token)) return new FolderLock({ file, token, beatMs });
      onWait?.();
      if (await isAlive(file, beatMs)) throw inUse(file);
      rmSync(file, { force: true });
    }
  }

  /** Before a file of the folder is replaced: this program may have slept longer than the others wait. @throws CliError */
  check(): void {
    if (read(this.#file) === this.#token) return;
    throw new CliError(
      'conflict',
      'Another program has taken over the folder, because this one was suspended. Start it again if the other one has ended.',
    );
  }

  release(): void {
    clearInterval(this.#timer);
    this.#stopListening();
    if (read(this.#file) === this.#token) rmSync(this.#file, { force: true });
  }

  #beat(): void {
    try {
      if (read(this.#file) === this.#token) utimesSync(this.#file, new Date(), new Date());
    } catch {
      // `check` says what is wrong before the next file is replaced.
    }
  }
}

/** @returns false if the file exists. @throws CliError if the folder cannot be written */
function create(file: string, token: string): boolean {
  try {
    const descriptor = openSync(file, 'wx');
    try {
      writeSync(descriptor, token);
    } catch (error) {
      // On a full disk the file would stay, empty.
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
    const message = `The folder of ${file} cannot be written (${code}). Change its permissions, or choose another folder.`;
    throw new CliError('usage', message);
  }
}

/** Whether the owner touches its lock, or removes it, within some beats. */
async function isAlive(file: string, beatMs: number): Promise<boolean> {
  const stateOf = () => `${read(file)} ${statSync(file, { throwIfNoEntry: false })?.mtimeMs}`;
  const before = stateOf();
  for (let beat = 0; beat < missedBeats; beat++) {
    await sleep(beatMs);
    // A removed lock is free.
    if (read(file) === undefined) return false;
    if (stateOf() !== before) return true;
  }
  return false;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function inUse(file: string): CliError {
  const [, host, pid] = (read(file) ?? '').split(' ');
  const message = `Another program writes to this folder: process ${pid} on ${host}. Stop it, or choose another folder.`;
  return new CliError('conflict', message);
}
