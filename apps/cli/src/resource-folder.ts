import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ChangeBatch, linesOf, type ResourceChange } from '@bulkhead/client';
import { CliError, exitCodes } from './exit-codes.ts';

/*
 * A folder with a file of NDJSON for each type, which is kept current. `state.json` has the position up to which the files are current. It is
 * written last, so after a kill the changes behind it are applied again, which changes nothing. A file is always replaced by a complete one.
 *
 *   first read    append to <Type>.partial --> rename all to <Type>.ndjson --> state.json
 *   later batch   <Type>.ndjson without what changed, plus the new versions --> <Type>.partial --> rename --> state.json
 */

interface FolderState {
  readonly connectionId: string;
  /** Absent: all types. */
  readonly types?: readonly string[] | undefined;
  readonly since: string;
}

export class ResourceFolder {
  readonly #path: string;
  readonly #subject: Omit<FolderState, 'since'>;

  constructor(path: string, subject: Omit<FolderState, 'since'>) {
    this.#path = path;
    this.#subject = { ...subject, ...(subject.types ? { types: subject.types.toSorted() } : {}) };
  }

  /** @returns the position to continue at. @throws CliError if the folder belongs to other resources */
  readSince(): string | undefined {
    if (!existsSync(this.#file('state.json'))) return undefined;
    const { since, ...subject } = JSON.parse(readFileSync(this.#file('state.json'), 'utf8')) as FolderState;
    if (JSON.stringify(subject) === JSON.stringify(this.#subject)) return since;
    const { connectionId, types } = subject;
    throw new CliError({
      message: `${this.#path} has ${types?.join(',') ?? 'all types'} of ${connectionId}. Name another folder, or ask for the same.`,
      exitCode: exitCodes.usage,
    });
  }

  async apply({ changes, isBeginning, isCurrent, since }: ChangeBatch): Promise<void> {
    if (isBeginning) this.#remove(/^[A-Z]\w*\.partial$/);
    const isFirstRead = isBeginning || this.#isFirstRead;
    this.#isFirstRead = isFirstRead && !isCurrent;
    for (const [type, ofType = []] of Object.entries(Object.groupBy(changes, ({ type }) => type)))
      await (isFirstRead ? this.#append(type, ofType) : this.#rewrite(type, ofType));
    if (isFirstRead && isCurrent) this.#finishFirstRead();
    if (since !== undefined) this.#writeState({ ...this.#subject, since });
  }

  /** Deletes what was written of the connection. */
  clear(): void {
    this.#remove(/^(?:[A-Z]\w*\.(?:partial|ndjson)|state\.json(?:\.partial)?)$/);
  }

  #isFirstRead = false;

  async #append(type: string, changes: readonly ResourceChange[]): Promise<void> {
    const stored = changes.flatMap(({ json }) => (json === undefined ? [] : `${json}\n`));
    await pipeline(Readable.from(stored), createWriteStream(this.#file(`${type}.partial`), { flags: 'a' }));
  }

  async #rewrite(type: string, changes: readonly ResourceChange[]): Promise<void> {
    const [file, partial] = [this.#file(`${type}.ndjson`), this.#file(`${type}.partial`)];
    const latest = new Map(changes.map(({ id, json }) => [id, json]));
    const lines = async function* () {
      if (existsSync(file)) {
        for await (const line of linesOf(createReadStream(file)))
          if (!latest.has((JSON.parse(line) as { readonly id: string }).id)) yield `${line}\n`;
      }
      for (const json of latest.values()) if (json !== undefined) yield `${json}\n`;
    };
    await pipeline(Readable.from(lines()), createWriteStream(partial));
    this.#replace(type);
  }

  #finishFirstRead(): void {
    const types = readdirSync(this.#path).flatMap((name) => /^([A-Z]\w*)\.partial$/.exec(name)?.[1] ?? []);
    // Until the state is written again, an interruption begins with another first read.
    this.#remove(/^state\.json$/);
    const former = readdirSync(this.#path).flatMap((name) => /^([A-Z]\w*)\.ndjson$/.exec(name)?.[1] ?? []);
    for (const type of former.filter((name) => !types.includes(name))) rmSync(this.#file(`${type}.ndjson`));
    for (const type of types) this.#replace(type);
  }

  #replace(type: string): void {
    const partial = this.#file(`${type}.partial`);
    flush(partial);
    renameSync(partial, this.#file(`${type}.ndjson`));
  }

  #writeState(state: FolderState): void {
    const partial = this.#file('state.json.partial');
    writeFileSync(partial, `${JSON.stringify(state)}\n`);
    flush(partial);
    renameSync(partial, this.#file('state.json'));
  }

  #remove(names: RegExp): void {
    for (const name of readdirSync(this.#path).filter((name) => names.test(name))) rmSync(this.#file(name));
  }

  #file(name: string): string {
    return join(this.#path, name);
  }
}

/** Otherwise a loss of power could leave the new name with an empty file. */
function flush(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}
