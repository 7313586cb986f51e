import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { CliError } from '../exit-codes.ts';
import { flush } from '../flush.ts';
import { FolderLock } from './folder-lock.ts';
import { openParquet, type ParquetFile, ParquetFileWriter, type ParquetRow, withoutColumn } from './parquet-file.ts';

/*
 * A folder of tables that is kept current. Each view has a folder with 16 Parquet files, its parts. All rows of a resource are in one part, which its
 * key chooses. A part is always replaced as a whole, so `read_parquet('FOLDER/patient/*.parquet')` has each resource once, at every moment, also
 * after a kill. `state.json` has the time up to which each view is current. It is written last, so after a kill the changes behind it are applied
 * again, which changes nothing (docs/decisions/0024-a-folder-of-tables.md).
 *
 *   first read   download --> 16 parts in .work --> rename each into <view>/ --> state.json
 *   later        changed rows --> 16 parts in .work --> part without changed keys + current rows --> rename --> state.json
 */

/** A change of one resource writes a sixteenth of its table again. More parts are more files to open for a reader. */
const partCount = 16;

interface FolderState {
  readonly connectionIds: readonly string[];
  /** Absent: all views. */
  readonly views?: readonly string[] | undefined;
  /** The time up to which each view is current. */
  readonly since: Readonly<Record<string, string>>;
}
export type FolderSubject = Omit<FolderState, 'since'>;

export class TableFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  #state: FolderState;

  private constructor(options: { readonly path: string; readonly lock: FolderLock; readonly state: FolderState }) {
    this.#path = options.path;
    this.#lock = options.lock;
    this.#state = options.state;
  }

  /** Opens a folder that exists. @throws CliError if another program writes to it, it cannot be written, or it has other tables */
  static async open(
    path: string,
    options: { readonly subject: FolderSubject; readonly beatMs?: number; readonly onWait?: () => void },
  ): Promise<TableFolder> {
    const { connectionIds, views } = options.subject;
    const subject = { connectionIds: connectionIds.toSorted(), ...(views ? { views: views.toSorted() } : {}) };
    const lock = await FolderLock.take(join(path, '.lock'), options);
    try {
      const since = readSince(path, subject);
      rmSync(join(path, '.work'), { recursive: true, force: true });
      mkdirSync(join(path, '.work'));
      return new TableFolder({ path, lock, state: { ...subject, since } });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Where a download goes that is applied next. */
  get downloadFile(): string {
    return join(this.#path, '.work', 'download.parquet');
  }

  /** @returns undefined if the view must be read from the beginning */
  since(view: string): string | undefined {
    return this.#state.since[view];
  }

  /** Replaces a view by what was downloaded. */
  async replace(view: string, until: string): Promise<void> {
    const { schema } = await openParquet(this.downloadFile);
    await this.#split(schema, (row) => row.slice(0, 2));
    mkdirSync(join(this.#path, view), { recursive: true });
    for (const part of parts) this.#publish(view, part, this.#workFile(part));
    this.#finish(view, until);
  }

  /**
   * Applies the changes that were downloaded.
   * @returns false if the view has other columns now, so that it must be read from the beginning
   */
  async apply(view: string, until: string): Promise<boolean> {
    const changed = await openParquet(this.downloadFile);
    const schema = withoutColumn(changed.schema, 'is_deleted');
    for (const part of parts) {
      const file = this.#partFile(view, part);
      if (!existsSync(file) || !isDeepEqual((await openParquet(file)).schema, schema)) return false;
    }
    if (changed.rowCount > 0) {
      await this.#split(changed.schema, ([connection, , key]) => [connection, key]);
      for (const part of parts) await this.#merge(view, part, schema);
    }
    this.#finish(view, until);
    return true;
  }

  /** Deletes the views that the API no longer has, because nothing would delete their rows. */
  keepOnly(views: readonly string[]): void {
    for (const view of Object.keys(this.#state.since).filter((name) => !views.includes(name))) {
      this.#lock.check();
      this.#removeView(view);
      const { [view]: _, ...since } = this.#state.since;
      this.#writeState({ ...this.#state, since });
    }
  }

  /** Deletes all tables. */
  clear(): void {
    this.#lock.check();
    for (const view of readdirSync(this.#path).filter((name) => existsSync(this.#partFile(name, '00'))))
      this.#removeView(view);
    rmSync(join(this.#path, 'state.json'), { force: true });
  }

  close(): void {
    rmSync(join(this.#path, '.work'), { recursive: true, force: true });
    this.#lock.release();
  }

  /** Divides what was downloaded into parts. @param keyOf the connection and the id of the resource of a row */
  async #split(schema: readonly SchemaElement[], keyOf: (row: ParquetRow) => ParquetRow): Promise<void> {
    const writers = new Map(parts.map((part) => [part, new ParquetFileWriter(this.#workFile(part), schema)]));
    try {
      for await (const rows of (await openParquet(this.downloadFile)).groups())
        for (const row of rows) writers.get(partOf(keyOf(row)))?.add(row);
      for (const [part, writer] of writers) {
        writer.end();
        writers.delete(part);
      }
    } finally {
      for (const writer of writers.values()) writer.close();
    }
  }

  /** Replaces the rows of changed resources in a part. */
  async #merge(view: string, part: string, schema: readonly SchemaElement[]): Promise<void> {
    const changed = await openParquet(this.#workFile(part));
    if (changed.rowCount === 0) return;
    const keys = new Set<string>();
    for await (const rows of changed.groups())
      for (const [connection, , key] of rows) keys.add(textOf([connection, key]));
    const merged = join(this.#path, '.work', 'merged.parquet');
    const writer = new ParquetFileWriter(merged, schema);
    try {
      await copyRows(await openParquet(this.#partFile(view, part)), (row) => {
        if (!keys.has(textOf(row.slice(0, 2)))) writer.add(row);
      });
      await copyRows(changed, ([connection, isDeleted, ...cells]) => {
        if (isDeleted !== true) writer.add([connection, ...cells]);
      });
      writer.end();
    } catch (error) {
      writer.close();
      throw error;
    }
    this.#publish(view, part, merged);
  }

  #publish(view: string, part: string, file: string): void {
    this.#lock.check();
    renameSync(file, this.#partFile(view, part));
  }

  #finish(view: string, until: string): void {
    flush(join(this.#path, view), 'r');
    this.#writeState({ ...this.#state, since: { ...this.#state.since, [view]: until } });
  }

  #writeState(state: FolderState): void {
    this.#lock.check();
    const partial = join(this.#path, '.work', 'state.json');
    writeFileSync(partial, `${JSON.stringify(state)}\n`);
    flush(partial, 'r+');
    renameSync(partial, join(this.#path, 'state.json'));
    this.#state = state;
  }

  #removeView(view: string): void {
    for (const part of parts) rmSync(this.#partFile(view, part), { force: true });
    if (readdirSync(join(this.#path, view)).length === 0) rmSync(join(this.#path, view), { recursive: true });
  }

  #partFile(view: string, part: string): string {
    return join(this.#path, view, `${part}.parquet`);
  }

  #workFile(part: string): string {
    return join(this.#path, '.work', `${part}.parquet`);
  }
}

const parts = Array.from({ length: partCount }, (_, index) => String(index).padStart(2, '0'));

function readSince(path: string, subject: FolderSubject): FolderState['since'] {
  const file = join(path, 'state.json');
  if (!existsSync(file)) return {};
  const { since, ...former } = JSON.parse(readFileSync(file, 'utf8')) as FolderState;
  if (isDeepEqual(former, subject)) return since;
  throw new CliError(
    'usage',
    `${path} has ${former.views?.join(',') ?? 'all views'} of ${former.connectionIds.join(',')}. Name another folder, or ask for the same.`,
  );
}

async function copyRows(file: ParquetFile, copy: (row: ParquetRow) => void): Promise<void> {
  for await (const rows of file.groups()) for (const row of rows) copy(row);
}

function textOf(key: ParquetRow): string {
  return key.join('/');
}

function partOf(key: ParquetRow): string {
  const [byte = 0] = createHash('sha256').update(textOf(key)).digest();
  return parts[byte % partCount] as string;
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
