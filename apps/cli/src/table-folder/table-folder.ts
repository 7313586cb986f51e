import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { CliError } from '../exit-codes.ts';
import { flush } from '../flush.ts';
import { FolderLock } from './folder-lock.ts';
import {
  columnsOf,
  openParquet,
  type ParquetFile,
  ParquetFileWriter,
  type ParquetRow,
  withoutColumn,
} from './parquet-file.ts';

/*
 * A folder of tables that is kept current, as a series of states. A state is a folder with all views at one time. Its Parquet files never change, and
 * a file that two states have in common is one file with two names (a hard link). `current` is a symbolic link to the newest state, and is replaced
 * by a rename. So a reader that follows it once has a state that holds still (docs/decisions/0024-a-folder-of-tables.md).
 *
 *   changes --> .work/files --> .work/state: links to the new files and to those of the former state --> states/TIME --> current
 *
 * All rows of a resource are in one file of a view, which a hash of its key chooses: a file has the keys whose hash begins with its prefix. A file
 * that has grown to twice the goal is divided by the next bits.
 */

const defaultGoalBytes = 64 * 1024 * 1024;
/** Each part of a division has rows in memory until they fill a group. */
const maxBits = 4;
/** A state stays for this time after another has replaced it, for its readers. */
const defaultGraceMs = 10 * 60_000;

export interface TableFile {
  readonly name: string;
  /** The first bits of the hashes of its keys. */
  readonly prefix: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface TableState {
  /** Every change before this time is in its files. */
  readonly until: string;
  /** Of the definition from which the rows were made. */
  readonly hash: string;
  /** The type of the resources. */
  readonly type: string;
  /** The column with the id of the resource. */
  readonly key: string;
  readonly files: readonly TableFile[];
  /** Why it could not be brought up to date. Deletions and erasures are applied nevertheless. */
  readonly error?: string | undefined;
}

export interface FolderSubject {
  readonly connectionIds: readonly string[];
  /** Absent: all views. */
  readonly views?: readonly string[] | undefined;
}

interface FolderState {
  readonly subject: FolderSubject;
  /** Every change before this time is in all views that have no error. */
  readonly until: string | undefined;
  readonly tables: Readonly<Record<string, TableState>>;
}

interface FolderOptions {
  readonly subject: FolderSubject;
  /** The last state of so many earlier days is kept. */
  readonly keepDays?: number;
  readonly goalBytes?: number;
  readonly graceMs?: number;
}

/** What was downloaded, as the headers of the API say. */
export type Downloaded = Pick<TableState, 'until' | 'hash' | 'type' | 'key'>;

export class TableFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  readonly #options: Required<FolderOptions>;
  /** What the next state will have. */
  #tables: FolderState['tables'];
  /** What kept states of earlier days will have, by the name of the state. */
  readonly #revised = new Map<string, FolderState['tables']>();
  /** Files of the next states that no earlier one has. */
  readonly #fresh = new Set<string>();
  #hasChanged = false;

  private constructor(options: { readonly path: string; readonly lock: FolderLock } & Required<FolderOptions>) {
    const { path, lock, ...others } = options;
    this.#path = path;
    this.#lock = lock;
    this.#options = others;
    this.#tables = {};
  }

  /** Opens a folder that exists. @throws CliError if another program writes to it, it cannot be written, or it has other tables */
  static async open(
    path: string,
    options: FolderOptions & { readonly beatMs?: number; readonly onWait?: () => void },
  ): Promise<TableFolder> {
    const { keepDays = 1, goalBytes = defaultGoalBytes, graceMs = defaultGraceMs } = options;
    const { connectionIds, views } = options.subject;
    const subject = { connectionIds: connectionIds.toSorted(), ...(views ? { views: views.toSorted() } : {}) };
    const lock = await FolderLock.take(join(path, '.lock'), options);
    try {
      const folder = new TableFolder({ path, lock, subject, keepDays, goalBytes, graceMs });
      folder.discard();
      return folder;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Where a download goes that is applied next. */
  get downloadFile(): string {
    return join(this.#path, '.work', 'download.parquet');
  }

  /** What is known about a table. Undefined: the view must be read from the beginning. */
  table(view: string): Downloaded | undefined {
    return this.#tables[view];
  }

  /** Forgets what was done since the last state, and frees its space. */
  discard(): void {
    rmSync(join(this.#path, '.work'), { recursive: true, force: true });
    mkdirSync(join(this.#path, '.work'));
    this.#fresh.clear();
    this.#revised.clear();
    this.#hasChanged = false;
    const state = readState(this.#currentState());
    if (state && !isDeepEqual(state.subject, this.#options.subject)) {
      const { connectionIds, views } = state.subject;
      const message = `${this.#path} has ${views?.join(',') ?? 'all views'} of ${connectionIds.join(',')}. Name another folder, or ask for the same.`;
      throw new CliError('usage', message);
    }
    // A table whose files another program has changed is read again.
    const isWhole = ([view, { files }]: [string, TableState]) =>
      files.every((file) => sizeOf(this.#locate(view, file, this.#currentState())) === file.bytes);
    this.#tables = Object.fromEntries(Object.entries(state?.tables ?? {}).filter(isWhole));
  }

  /** Replaces a view by what was downloaded. */
  async replace(view: string, downloaded: Downloaded): Promise<void> {
    const file = await openParquet(this.downloadFile);
    const bytes = statSync(this.downloadFile).size;
    const files = await this.#divide({ view, key: downloaded.key, file, prefix: '', bytes });
    this.#set(view, { ...downloaded, files });
  }

  /**
   * Applies the changes that were downloaded.
   * @returns false if the view has other columns or another definition now, so that it must be read from the beginning
   */
  async apply(view: string, downloaded: Downloaded): Promise<boolean> {
    const table = this.#tables[view];
    if (!table || table.hash !== downloaded.hash) return false;
    const changes = await openParquet(this.downloadFile);
    const [first] = table.files;
    const former = first && (await openParquet(this.#locate(view, first, this.#currentState())));
    if (!isDeepEqual(former?.schema, withoutColumn(changes.schema, 'is_deleted'))) return false;
    const files = await this.#merge({ view, table, changes, state: this.#currentState() });
    this.#set(view, { ...downloaded, files: files ?? table.files }, files !== undefined);
    return true;
  }

  /** Removes the rows of the keys that were downloaded, also from the kept states of earlier days. */
  async remove(view: string): Promise<void> {
    const deletions = await openParquet(this.downloadFile);
    if (deletions.rowCount === 0) return;
    const table = this.#tables[view];
    if (table) {
      const files = await this.#merge({ view, table, changes: deletions, state: this.#currentState() });
      if (files) this.#set(view, { ...table, files });
    }
    for (const id of this.#statesToRevise()) {
      const tables = this.#tablesOf(id);
      const kept = tables[view];
      const state = this.#stateFolder(id);
      const files = kept && (await this.#merge({ view, table: kept, changes: deletions, state }));
      if (files) this.#revised.set(id, { ...tables, [view]: { ...kept, files } });
    }
  }

  /** Says in the state why a view is not up to date. */
  fail(view: string, error: string): void {
    const table = this.#tables[view];
    if (table) this.#set(view, { ...table, error }, false);
  }

  /** Removes the other views, because nothing would delete their rows. */
  keepOnly(views: readonly string[]): void {
    for (const view of Object.keys(this.#tables)) if (!views.includes(view)) this.drop(view);
  }

  /** Removes a view, also from the kept states. */
  drop(view: string): void {
    this.#tables = without(this.#tables, view);
    this.#hasChanged = true;
    for (const id of this.#statesToRevise())
      if (this.#tablesOf(id)[view]) this.#revised.set(id, without(this.#tablesOf(id), view));
  }

  /** Makes all changes since the last state visible at once. */
  commit(): void {
    const current = this.#currentState();
    // Nothing was read yet.
    if (!current && Object.keys(this.#tables).length === 0) return;
    for (const [id, tables] of this.#revised) this.#publishRevision(id, tables);
    this.#revised.clear();
    const content = toJson(this.#state());
    if (current && !this.#hasChanged) this.#writeAside(join(current, 'state.json'), content);
    else this.#publish(current, content);
    this.#hasChanged = false;
    this.#prune();
  }

  /** Deletes all tables. */
  clear(): void {
    this.#lock.check();
    for (const name of ['current', 'states']) rmSync(join(this.#path, name), { recursive: true, force: true });
  }

  close(): void {
    rmSync(join(this.#path, '.work'), { recursive: true, force: true });
    this.#lock.release();
  }

  #set(view: string, table: TableState, hasChanged = true): void {
    this.#tables = { ...this.#tables, [view]: table };
    this.#hasChanged ||= hasChanged;
  }

  #state(): FolderState {
    const times = Object.values(this.#tables).flatMap(({ until, error }) => (error === undefined ? [until] : []));
    return { subject: this.#options.subject, until: times.toSorted()[0], tables: this.#tables };
  }

  #currentState(): string | undefined {
    try {
      return join(this.#path, readlinkSync(join(this.#path, 'current')));
    } catch {
      return undefined;
    }
  }

  /** Divides the rows of a file into files of the goal. */
  async #divide(options: {
    readonly view: string;
    readonly key: string;
    readonly file: ParquetFile;
    readonly prefix: string;
    readonly bytes: number;
  }): Promise<readonly TableFile[]> {
    const { view, key, file, prefix, bytes } = options;
    const bits = Math.min(maxBits, Math.max(0, Math.ceil(Math.log2(bytes / this.#options.goalBytes))));
    const prefixes = Array.from({ length: 2 ** bits }, (_, part) =>
      bits === 0 ? prefix : prefix + part.toString(2).padStart(bits, '0'),
    );
    const writers = prefixes.map(
      (each) => new TableFileWriter({ folder: this.#filesFolder, view, prefix: each, file }),
    );
    const keyOf = keyReader(file.schema, key);
    try {
      await eachRow(file, (row) => {
        const id = keyOf(row);
        const part = bits === 0 ? 0 : Number.parseInt(hashOf(id).slice(prefix.length, prefix.length + bits), 2);
        writers[part]?.add(row, id);
      });
      return await this.#finish(view, key, writers);
    } catch (error) {
      for (const writer of writers) writer.close();
      throw error;
    }
  }

  /** Divides the written files that are too large again. */
  async #finish(view: string, key: string, writers: readonly TableFileWriter[]): Promise<readonly TableFile[]> {
    const files: TableFile[] = [];
    for (const writer of writers) {
      const file = writer.end();
      const isLarge = file.bytes > 2 * this.#options.goalBytes && file.prefix.length < 32 - maxBits;
      if (!isLarge) this.#fresh.add(file.name);
      const { prefix, bytes } = file;
      const parts = isLarge
        ? await this.#divide({ view, key, file: await openParquet(writer.path), prefix, bytes })
        : [file];
      if (isLarge) writer.remove();
      files.push(...parts);
    }
    return files;
  }

  /** Replaces the rows of changed resources in the files that have their keys. @returns undefined if no file has changed */
  async #merge(options: {
    readonly view: string;
    readonly table: TableState;
    readonly changes: ParquetFile;
    readonly state: string | undefined;
  }): Promise<readonly TableFile[] | undefined> {
    const { view, table, changes, state } = options;
    const { key } = table;
    if (changes.rowCount === 0) return undefined;
    const parts = await this.#splitChanges(table, changes);
    const merged: (readonly TableFile[])[] = [];
    for (const [index, file] of table.files.entries()) {
      const part = await openParquet(parts[index] as string);
      const former = this.#locate(view, file, state);
      merged.push(part.rowCount === 0 ? [file] : await this.#mergeFile({ view, key, file, former, part }));
    }
    const files = merged.flat();
    return files.every(({ name }, index) => name === table.files[index]?.name) ? undefined : files;
  }

  async #mergeFile(options: {
    readonly view: string;
    readonly key: string;
    readonly file: TableFile;
    readonly former: string;
    readonly part: ParquetFile;
  }): Promise<readonly TableFile[]> {
    const { view, key, file, part } = options;
    const former = await openParquet(options.former);
    const writer = new TableFileWriter({ folder: this.#filesFolder, view, prefix: file.prefix, file: former });
    const [formerKey, changedKey] = [keyReader(former.schema, key), keyReader(part.schema, key)];
    let hasChanged = false;
    try {
      const keys = new Set<string>();
      await eachRow(part, (row) => keys.add(textOf(changedKey(row))));
      const names = columnsOf(former.schema);
      const columns = [names[0], key, names.at(-1)] as string[];
      for (const group of former.groups) {
        const index = await group.read(columns);
        const isUnchanged = index.every((row) => !keys.has(textOf(row.slice(0, 2))));
        if (isUnchanged && !group.isSmall) {
          writer.copy(await group.stored(), index);
          continue;
        }
        hasChanged ||= !isUnchanged;
        for (const row of await group.read()) if (!keys.has(textOf(formerKey(row)))) writer.add(row, formerKey(row));
      }
      await eachRow(part, (row) => {
        const [connection, isDeleted, ...cells] = row;
        if (isDeleted === true) return;
        hasChanged = true;
        writer.add([connection, ...cells], changedKey(row));
      });
      if (hasChanged) return await this.#finish(view, key, [writer]);
    } catch (error) {
      writer.close();
      throw error;
    }
    writer.remove();
    return [file];
  }

  /** @returns a file of changes for each file of the table */
  async #splitChanges({ key, files }: TableState, changes: ParquetFile): Promise<readonly string[]> {
    const keyOf = keyReader(changes.schema, key);
    const paths = files.map((_, index) => join(this.#path, '.work', `part-${index}.parquet`));
    const writers = paths.map((path) => new ParquetFileWriter(path, changes.schema));
    try {
      await eachRow(changes, (row) => {
        const hash = hashOf(keyOf(row));
        writers[files.findIndex(({ prefix }) => hash.startsWith(prefix))]?.add(row);
      });
      for (const writer of writers) writer.end();
    } finally {
      for (const writer of writers) writer.close();
    }
    return paths;
  }

  /** Puts another state in the place of a kept one, which is deleted when its readers have ended. */
  #publishRevision(id: string, tables: FolderState['tables']): void {
    const former = this.#stateFolder(id);
    const [base, revision = 0] = id.split('_');
    const content = toJson({ ...(readState(former) as FolderState), tables });
    this.#publishState({ tables, id: `${base}_${String(Number(revision) + 1).padStart(6, '0')}`, former, content });
  }

  #publish(former: string | undefined, content: string): void {
    const formerTimeMs = former === undefined ? 0 : timeOf(basename(former));
    // The clock may have been set back.
    const time = new Date(Math.max(Date.now(), formerTimeMs + 1));
    const id = time.toISOString().replaceAll(':', '-');
    this.#publishState({ tables: this.#tables, id, former, content });
    const link = join(this.#path, '.work', 'current');
    rmSync(link, { force: true });
    symlinkSync(join('states', id), link);
    this.#lock.check();
    renameSync(link, join(this.#path, 'current'));
    flush(this.#path, 'r');
    rmSync(this.#filesFolder, { recursive: true, force: true });
  }

  /** Makes the folder of a state: of new files, and of those that it has in common with a former state. */
  #publishState(options: {
    readonly tables: FolderState['tables'];
    readonly id: string;
    readonly former: string | undefined;
    readonly content: string;
  }): void {
    const { tables, id, former, content } = options;
    const folder = join(this.#path, '.work', 'state');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, rejectsView), { recursive: true });
    writeRejects(join(folder, rejectsView, 'none.parquet'), []);
    for (const [view, { files }] of Object.entries(tables)) {
      mkdirSync(join(folder, view), { recursive: true });
      for (const file of files) {
        link(this.#locate(view, file, former), join(folder, view, file.name));
        const rejects = this.#locate(rejectsView, file, former);
        if (existsSync(rejects)) link(rejects, join(folder, rejectsView, file.name));
      }
    }
    writeFileSync(join(folder, 'state.json'), content);
    flush(join(folder, 'state.json'), 'r+');
    this.#lock.check();
    mkdirSync(join(this.#path, 'states'), { recursive: true });
    renameSync(folder, this.#stateFolder(id));
    flush(join(this.#path, 'states'), 'r');
    for (const { files } of Object.values(tables)) for (const { name } of files) this.#fresh.delete(name);
  }

  #writeAside(file: string, content: string): void {
    const partial = join(this.#path, '.work', basename(file));
    writeFileSync(partial, content);
    flush(partial, 'r+');
    this.#lock.check();
    renameSync(partial, file);
  }

  get #filesFolder(): string {
    return join(this.#path, '.work', 'files');
  }

  #locate(view: string, { name }: TableFile, state: string | undefined): string {
    const folder = this.#fresh.has(name) || state === undefined ? this.#filesFolder : state;
    return join(folder, view, name);
  }

  #stateFolder(id: string): string {
    return join(this.#path, 'states', id);
  }

  #tablesOf(id: string): FolderState['tables'] {
    return this.#revised.get(id) ?? readState(this.#stateFolder(id))?.tables ?? {};
  }

  /** The states, the oldest first, each with the time at which another one took its place. */
  #states(): { readonly id: string; readonly replacedAtMs: number; readonly isRevised: boolean }[] {
    const folder = join(this.#path, 'states');
    const ids = existsSync(folder) ? readdirSync(folder).toSorted() : [];
    return ids.map((id, index) => {
      const next = ids[index + 1];
      if (next === undefined) return { id, replacedAtMs: Number.POSITIVE_INFINITY, isRevised: false };
      const isRevised = baseOf(next) === baseOf(id);
      return { id, replacedAtMs: isRevised ? statSync(join(folder, next)).mtimeMs : timeOf(next), isRevised };
    });
  }

  /** Also the state of today if the day may end before the next one. */
  #statesToRevise(): string[] {
    return this.#statesOfEarlierDays(new Date(Date.now() + 3_600_000));
  }

  /** The last state of each of the kept days before today. */
  #statesOfEarlierDays(now: Date): string[] {
    const today = dayOf(now);
    const lastOfDay = new Map(this.#states().map(({ id }) => [dayOf(new Date(timeOf(id))), id]));
    const days = [...lastOfDay.keys()].filter((day) => day < today).toSorted();
    const { keepDays } = this.#options;
    return keepDays === 0 ? [] : days.slice(-keepDays).map((day) => lastOfDay.get(day) as string);
  }

  #prune(): void {
    const current = basename(this.#currentState() ?? '');
    const ofEarlierDays = this.#statesOfEarlierDays(new Date());
    for (const { id, replacedAtMs, isRevised } of this.#states()) {
      const isKept = id === current || (ofEarlierDays.includes(id) && !isRevised);
      // A state behind the current one was left by a program that was killed.
      const isOver = id > current || Date.now() - replacedAtMs >= this.#options.graceMs;
      if (!isKept && isOver) rmSync(this.#stateFolder(id), { recursive: true, force: true });
    }
  }
}

/** The values that their columns could not hold, of all views. */
const rejectsView = '_rejects';
const rejectsSchema: readonly SchemaElement[] = [
  { name: 'root', num_children: 5 },
  ...['view', 'connection_id', 'resource_id', 'column', 'reason'].map(
    (name): SchemaElement => ({ name, repetition_type: 'OPTIONAL', type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
  ),
];

function writeRejects(path: string, rows: readonly ParquetRow[]): void {
  const writer = new ParquetFileWriter(path, rejectsSchema);
  try {
    for (const row of rows) writer.add(row);
    writer.end();
  } finally {
    writer.close();
  }
}

/** Writes a file of a view, and one of its rejects if it has any. */
class TableFileWriter {
  readonly path: string;
  readonly #rejectsPath: string;
  readonly #file: { readonly view: string; readonly name: string; readonly prefix: string };
  readonly #writer: ParquetFileWriter;
  #rejects: ParquetFileWriter | undefined;
  #rows = 0;

  constructor(options: {
    readonly folder: string;
    readonly view: string;
    readonly prefix: string;
    /** Has its columns, and maybe `is_deleted`. */
    readonly file: ParquetFile;
  }) {
    const { folder, view, prefix, file } = options;
    const name = `${view}-${prefix || 'all'}-${randomUUID().slice(0, 13)}.parquet`;
    this.#file = { view, name, prefix };
    for (const each of [view, rejectsView]) mkdirSync(join(folder, each), { recursive: true });
    this.path = join(folder, view, name);
    this.#rejectsPath = join(folder, rejectsView, name);
    this.#writer = new ParquetFileWriter(this.path, withoutColumn(file.schema, 'is_deleted'));
  }

  add(row: ParquetRow, key: ParquetRow): void {
    this.#writer.add(row);
    // The API adds them to every table as the last column.
    this.#count(key, row.at(-1));
  }

  /** Adds a group without reading it. @param index the connection, the id of the resource and the rejects of its rows */
  copy(group: Parameters<ParquetFileWriter['copy']>[0], index: readonly ParquetRow[]): void {
    this.#writer.copy(group);
    for (const row of index) this.#count(row, row[2]);
  }

  #count([connection, id]: ParquetRow, rejects: unknown): void {
    this.#rows += 1;
    if (!Array.isArray(rejects)) return;
    this.#rejects ??= new ParquetFileWriter(this.#rejectsPath, rejectsSchema);
    for (const text of rejects as readonly string[]) {
      const [column = '', ...reason] = text.split(': ');
      this.#rejects.add([this.#file.view, connection, id, column, reason.join(': ')]);
    }
  }

  end(): TableFile {
    this.#writer.end();
    this.#rejects?.end();
    const { name, prefix } = this.#file;
    return { name, prefix, rows: this.#rows, bytes: statSync(this.path).size };
  }

  close(): void {
    this.#writer.close();
    this.#rejects?.close();
  }

  remove(): void {
    this.close();
    for (const path of [this.path, this.#rejectsPath]) rmSync(path, { force: true });
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function readState(folder: string | undefined): FolderState | undefined {
  const file = join(folder ?? '', 'state.json');
  return folder !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FolderState) : undefined;
}

/** A second name for a file. A file system without hard links gets a copy. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EXDEV', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to);
  }
}

async function eachRow(file: ParquetFile, visit: (row: ParquetRow) => void): Promise<void> {
  for (const group of file.groups) for (const row of await group.read()) visit(row);
}

/** @returns the connection and the id of the resource of a row */
function keyReader(schema: readonly SchemaElement[], key: string): (row: ParquetRow) => ParquetRow {
  const index = columnsOf(schema).indexOf(key);
  return (row) => [row[0], row[index]];
}

function textOf(key: ParquetRow): string {
  return key.join('/');
}

/** The first 32 bits, as text. */
function hashOf(key: ParquetRow): string {
  return createHash('sha256').update(textOf(key)).digest().readUInt32BE(0).toString(2).padStart(32, '0');
}

/** A state is named after its time, and has a number if rows were removed from it later. */
function baseOf(id: string): string {
  return id.split('_')[0] as string;
}

function timeOf(id: string): number {
  return Date.parse(baseOf(id).replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
}

function without(tables: FolderState['tables'], view: string): FolderState['tables'] {
  const { [view]: _, ...others } = tables;
  return others;
}

function toJson(state: FolderState): string {
  return `${JSON.stringify(state, undefined, 1)}\n`;
}

/** The local day, as `2026-12-02`. */
function dayOf(date: Date): string {
  return date.toLocaleDateString('sv');
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
