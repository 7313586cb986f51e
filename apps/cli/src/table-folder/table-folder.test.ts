import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SchemaElement } from 'hyparquet';
import { FolderLock } from './folder-lock.ts';
import { openParquet, ParquetFileWriter, type ParquetRow } from './parquet-file.ts';
import { TableFolder } from './table-folder.ts';

let folder: ReturnType<typeof mkdtempDisposableSync>;
let path: string;
beforeEach(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-tables-'));
  path = join(folder.path, 'tables');
  mkdirSync(path);
});
afterEach(() => folder.remove());

const subject = { connectionIds: ['conn_1'] };
const beatMs = 20;
const open = (others: Partial<Parameters<typeof TableFolder.open>[1]> = {}) =>
  TableFolder.open(path, { subject, beatMs, ...others });

const textType = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const optional = { repetition_type: 'OPTIONAL' } as const;
const columns: readonly SchemaElement[][] = [
  [{ name: 'goal_id', ...optional, ...textType }],
  [
    {
      name: 'value',
      ...optional,
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 16,
      converted_type: 'DECIMAL',
      scale: 20,
      precision: 38,
    },
  ],
  [
    {
      name: 'at',
      ...optional,
      type: 'INT64',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    },
  ],
  [
    { name: 'notes', ...optional, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', ...optional, ...textType },
  ],
];
const schemaOf = (names: readonly SchemaElement[]): SchemaElement[] => [
  { name: 'root', num_children: names.length + columns.length },
  ...names,
  ...columns.flat(),
];
const connection: SchemaElement = { name: 'connection_id', ...optional, ...textType };
const deleted: SchemaElement = { name: 'is_deleted', ...optional, type: 'BOOLEAN' };

function write(file: string, schema: readonly SchemaElement[], rows: readonly ParquetRow[]): void {
  const writer = new ParquetFileWriter(file, schema);
  for (const row of rows) writer.add(row);
  writer.end();
}

/** As in a file: 1.5, microseconds, and a list with nothing. */
const goal = (
  id: string,
  value = 150_000_000_000_000_000_000n,
  notes: readonly string[] | null = ['é', ''],
): ParquetRow => ['conn_1', id, value, 1_764_542_056_123_456n, notes];
const changed = ([connectionId, ...cells]: ParquetRow): ParquetRow => [connectionId, false, ...cells];
const gone = (id: string): ParquetRow => ['conn_1', true, id, null, null, null];

const replace = async (target: TableFolder, rows: readonly ParquetRow[], until = 't0') => {
  write(target.downloadFile, schemaOf([connection]), rows);
  await target.replace('goal', until);
};
const apply = (
  target: TableFolder,
  rows: readonly ParquetRow[],
  until = 't1',
  schema = schemaOf([connection, deleted]),
) => {
  write(target.downloadFile, schema, rows);
  return target.apply('goal', until);
};

/** All rows of a view, from every file of its folder. */
async function read(): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for (const name of readdirSync(join(path, 'goal'))) {
    expect(name).toMatch(/^\d\d\.parquet$/);
    for await (const group of (await openParquet(join(path, 'goal', name))).groups())
      rows.push(...group.map((row) => row.map((cell) => cell ?? null)));
  }
  return rows.toSorted(([, one], [, other]) => (String(one) < String(other) ? -1 : 1));
}

const many = Array.from({ length: 300 }, (_, index) => goal(`g${1000 + index}`));

test('a folder has the rows of a view, with all digits, and those of later changes instead of earlier ones', async () => {
  const target = await open();
  await replace(target, many);
  expect(await read()).toEqual(many);
  const precise = goal('g1001', -12_345_678_901_234_567_890_123_456_789n, null);
  expect(
    await apply(target, [changed(precise), changed(goal('g1001', null as never, [])), gone('g1000'), gone('none')]),
  ).toBe(true);
  expect(await read()).toEqual([precise, goal('g1001', null as never, []), ...many.slice(2)]);
  expect(target.since('goal')).toBe('t1');
  target.close();
  expect(readdirSync(path).toSorted()).toEqual(['goal', 'state.json']);
});

test('a program that was killed before it had written the time applies the changes again, which changes nothing', async () => {
  const first = await open();
  await replace(first, many);
  const state = readFileSync(join(path, 'state.json'));
  const changes = [changed(goal('g1005', 7n)), gone('g1006'), changed(goal('new'))];
  await apply(first, changes);
  const rows = await read();
  // It leaves its lock, its unfinished files and the earlier state.
  writeFileSync(join(path, 'state.json'), state);
  writeFileSync(join(path, '.work', 'merged.parquet'), 'cut off');
  writeFileSync(join(path, '.lock'), 'of a program that was killed');
  const second = await open({ beatMs: 1 });
  expect(second.since('goal')).toBe('t0');
  await apply(second, changes);
  expect(await read()).toEqual(rows);
  second.close();
});

test('a program that was killed between two parts has each resource once', async () => {
  const target = await open();
  await replace(target, many);
  const parts = readdirSync(join(path, 'goal'));
  expect(parts).toHaveLength(16);
  const before = new Map(parts.map((name) => [name, readFileSync(join(path, 'goal', name))]));
  await apply(
    target,
    many.map(([, id]) => changed(goal(id as string, 2n))),
  );
  for (const name of parts.slice(0, 8)) writeFileSync(join(path, 'goal', name), before.get(name) ?? '');
  expect((await read()).map(([, id]) => id)).toEqual(many.map(([, id]) => id));
  target.close();
});

test('a view whose columns have changed is read from the beginning', async () => {
  const target = await open();
  await replace(target, many);
  const other: SchemaElement = { name: 'other', ...optional, ...textType };
  expect(await apply(target, [], 't1', schemaOf([connection, deleted, other]))).toBe(false);
  expect(target.since('goal')).toBe('t0');
  rmSync(join(path, 'goal', '03.parquet'));
  expect(await apply(target, [])).toBe(false);
  target.close();
});

test('a view without rows has files with its columns', async () => {
  const target = await open();
  await replace(target, []);
  expect([await read(), readdirSync(join(path, 'goal')).length]).toEqual([[], 16]);
  target.close();
});

test('a folder of other tables is refused, and a view that no longer exists is deleted', async () => {
  const target = await open();
  await replace(target, many);
  target.keepOnly(['patient']);
  expect([existsSync(join(path, 'goal')), target.since('goal')]).toEqual([false, undefined]);
  await replace(target, many);
  target.close();
  await expect(open({ subject: { connectionIds: ['conn_2'] } })).rejects.toThrow('has all views of conn_1');
  await expect(open({ subject: { ...subject, views: ['goal'] } })).rejects.toThrow('has all views of conn_1');
  writeFileSync(join(path, 'notes.txt'), 'of the user');
  const again = await open();
  again.clear();
  again.close();
  expect(readdirSync(path)).toEqual(['notes.txt']);
});

test('a second program is refused while the first one runs, and takes over a folder whose program was killed', async () => {
  const first = await open();
  await expect(open()).rejects.toThrow(/^Another program writes to this folder: process \d+ on /);
  first.close();
  writeFileSync(join(path, '.lock'), 'of a program that was killed');
  const second = await open({ beatMs: 1 });
  second.close();
  expect(readdirSync(path)).toEqual([]);
});

test('a program that was suspended replaces nothing after another one has taken over', async () => {
  const first = await open();
  await replace(first, many);
  rmSync(join(path, '.lock'));
  const second = await FolderLock.take(join(path, '.lock'), { beatMs });
  await expect(apply(first, [gone('g1000')])).rejects.toThrow('Another program has taken over the folder');
  expect(await read()).toEqual(many);
  first.close();
  expect(existsSync(join(path, '.lock'))).toBe(true);
  second.release();
});

test('a folder that cannot be written is refused, and one on a full disk keeps its tables', async () => {
  const target = await open();
  await replace(target, many);
  symlinkSync('/dev/full', join(path, '.work', 'merged.parquet'));
  await expect(apply(target, [gone('g1000')])).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' });
  expect([await read(), target.since('goal')]).toEqual([many, 't0']);
  target.close();
  const isRoot = process.getuid?.() === 0;
  // Root may write to every folder.
  if (isRoot) process.seteuid?.(65_534);
  else rmSync(path, { recursive: true });
  try {
    await expect(TableFolder.open(isRoot ? path : '/', { subject })).rejects.toThrow(
      /cannot be written \(E\w+\)\. Change its permissions/,
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
