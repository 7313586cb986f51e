import {
  createReadStream,
  createWriteStream,
  existsSync,
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
import { CliError } from './exit-codes.ts';
import { flush } from './flush.ts';

/*
 * A folder with a file of NDJSON for each type, which is kept current. `state.json` has the position up to which the files are current. It is
 * written last, so after a kill the changes behind it are applied again, which changes nothing. A file is always replaced by a complete one.
 *
 *   first read    append to <Type>.partial --> remove the earlier versions of what changed meanwhile --> rename all to <Type>.ndjson --> state.json
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
    throw new CliError(
      'usage',
      `${this.#path} has ${types?.join(',') ?? 'all types'} of ${connectionId}. Name another folder, or ask for the same.`,
    );
  }

  async apply({ changes, isBeginning, isCurrent, since }: ChangeBatch): Promise<void> {
    if (isBeginning) {
      this.#remove(/^[A-Z]\w*(?:\.reduced)?\.partial$/);
      this.#firstRead = new Map();
    }
    const firstRead = this.#firstRead;
    // Without Object.groupBy, which Node.js 20 does not have.
    for (const type of new Set(changes.map((change) => change.type))) {
      const ofType = changes.filter((change) => change.type === type);
      if (firstRead) await this.#append(type, noteLines(firstRead, { type, changes: ofType, since }));
      else await this.#rewrite(type, ofType);
    }
    if (firstRead && !isCurrent) return;
    if (firstRead) await this.#finishFirstRead(firstRead);
    this.#firstRead = undefined;
    if (since !== undefined) this.#writeState({ ...this.#subject, since });
  }

  /** Deletes what was written of the connection. */
  clear(): void {
    this.#remove(/^(?:[A-Z]\w*\.(?:(?:reduced\.)?partial|ndjson)|state\.json(?:\.partial)?)$/);
  }

  #firstRead: FirstRead | undefined;

  async #append(type: string, changes: readonly ResourceChange[]): Promise<void> {
    const stored = changes.flatMap(({ json }) => (json === undefined ? [] : `${json}\n`));
    await pipeline(Readable.from(stored), createWriteStream(this.#file(`${type}.partial`), { flags: 'a' }));
  }

  async #rewrite(type: string, changes: readonly ResourceChange[]): Promise<void> {
    const [file, partial] = [this.#file(`${type}.ndjson`), this.#file(`${type}.partial`)];
    const latest = new Map(changes.map(({ id, json }) => [id, json]));
    const lines = async function* () {
      if (existsSync(file)) {
        for await (const line of linesOf(createReadStream(file))) if (!latest.has(idOf(line))) yield `${line}\n`;
      }
      for (const json of latest.values()) if (json !== undefined) yield `${json}\n`;
    };
    await pipeline(Readable.from(lines()), createWriteStream(partial));
    this.#replace(type);
  }

  /** Leaves the last version of each resource that was read again. */
  async #removeEarlier(type: string, latest: ReadonlyMap<string, number | undefined>): Promise<void> {
    const [partial, reduced] = [this.#file(`${type}.partial`), this.#file(`${type}.reduced.partial`)];
    const lines = async function* () {
      let index = 0;
      for await (const line of linesOf(createReadStream(partial))) {
        const id = idOf(line);
        if (!latest.has(id) || latest.get(id) === index) yield `${line}\n`;
        index += 1;
      }
    };
    await pipeline(Readable.from(lines()), createWriteStream(reduced));
    renameSync(reduced, partial);
  }

  async #finishFirstRead(firstRead: FirstRead): Promise<void> {
    const types = readdirSync(this.#path).flatMap((name) => /^([A-Z]\w*)\.partial$/.exec(name)?.[1] ?? []);
    for (const [type, { latest }] of firstRead) if (latest.size > 0) await this.#removeEarlier(type, latest);
    // Until the state is written again, an interruption begins with another first read.
    this.#remove(/^state\.json$/);
    const former = readdirSync(this.#path).flatMap((name) => /^([A-Z]\w*)\.ndjson$/.exec(name)?.[1] ?? []);
    for (const type of former.filter((name) => !types.includes(name))) rmSync(this.#file(`${type}.ndjson`));
    for (const type of types) this.#replace(type);
  }

  #replace(type: string): void {
    const partial = this.#file(`${type}.partial`);
    flush(partial, 'r+');
    renameSync(partial, this.#file(`${type}.ndjson`));
  }

  #writeState(state: FolderState): void {
    const partial = this.#file('state.json.partial');
    writeFileSync(partial, `${JSON.stringify(state)}\n`);
    flush(partial, 'r+');
    renameSync(partial, this.#file('state.json'));
  }

  #remove(names: RegExp): void {
    for (const name of readdirSync(this.#path).filter((name) => names.test(name))) rmSync(this.#file(name));
  }

  #file(name: string): string {
    return join(this.#path, name);
  }
}

/**
 * The lines that a first read has appended, by type. A resource that changes while everything is read is read again: its last line, or
 * undefined if it was deleted.
 */
type FirstRead = Map<string, { count: number; readonly latest: Map<string, number | undefined> }>;

/** @returns the changes */
function noteLines(
  firstRead: FirstRead,
  { type, changes, since }: { readonly type: string } & Pick<ChangeBatch, 'changes' | 'since'>,
): readonly ResourceChange[] {
  const lines = firstRead.get(type) ?? { count: 0, latest: new Map() };
  firstRead.set(type, lines);
  for (const { id, json } of changes) {
    // Without a position, nothing was read before.
    if (since !== undefined) lines.latest.set(id, json === undefined ? undefined : lines.count);
    if (json !== undefined) lines.count += 1;
  }
  return changes;
}

function idOf(line: string): string {
  return (JSON.parse(line) as { readonly id: string }).id;
}
