import {
  existsSync,
  mkdirSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
const current = () => realpathSync(join(path, 'current'));
const states = () => readdirSync(join(path, 'states'));

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
const rejects: SchemaElement[] = [
  { name: 'rejects', ...optional, converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', ...optional, ...textType },
];
const schemaOf = (before: readonly SchemaElement[], after: readonly SchemaElement[][] = []): SchemaElement[] => [
  { name: 'root', num_children: before.length + columns.length + after.length + 1 },
  ...before,
  ...columns.flat(),
  ...after.flat(),
  ...rejects,
];
const connection: SchemaElement = { name: 'connection_id', ...optional, ...textType };
const deleted: SchemaElement = { name: 'is_deleted', ...optional, type: 'BOOLEAN' };

function write(file: string, schema: readonly SchemaElement[], rows: readonly ParquetRow[]): void {
  const writer = new ParquetFileWriter(file, schema);
  for (const row of rows) writer.add(row);
  writer.end();
}

/** As in a file: 1.5, microseconds, a list with nothing, and no rejects. */
const goal = (
  id: string,
  value: bigint | null = 150_000_000_000_000_000_000n,
  notes: readonly string[] | null = ['é', ''],
  rejected: readonly string[] | null = null,
): ParquetRow => ['conn_1', id, value, 1_764_542_056_123_456n, notes, rejected];
const changed = ([connectionId, ...cells]: ParquetRow): ParquetRow => [connectionId, false, ...cells];
const gone = (id: string): ParquetRow => ['conn_1', true, id, null, null, null, null];

const downloaded = (until: string, hash = 'h1') => ({ until, hash, type: 'Goal', key: 'goal_id' });
const replace = async (target: TableFolder, rows: readonly ParquetRow[], until = 't0') => {
  write(target.downloadFile, schemaOf([connection]), rows);
  await target.replace('goal', downloaded(until));
  target.commit();
};
const changes = (target: TableFolder, rows: readonly ParquetRow[], schema = schemaOf([connection, deleted])) =>
  write(target.downloadFile, schema, rows);
const apply = async (target: TableFolder, rows: readonly ParquetRow[], until = 't1') => {
  changes(target, rows);
  const isApplied = await target.apply('goal', downloaded(until));
  target.commit();
  return isApplied;
};
const remove = async (target: TableFolder, ids: readonly string[]) => {
  changes(target, ids.map(gone));
  await target.remove('goal');
  target.commit();
};

/** All rows of a view, from every file of its folder. */
async function read(state = current(), view = 'goal'): Promise<ParquetRow[]> {
  const rows: ParquetRow[] = [];
  for (const name of readdirSync(join(state, view)))
    for (const group of (await openParquet(join(state, view, name))).groups)
      rows.push(...(await group.read()).map((row) => row.map((cell) => cell ?? null)));
  return rows.toSorted(([, one], [, other]) => (String(one) < String(other) ? -1 : 1));
}
const idsOf = async (state?: string) => (await read(state)).map(([, id]) => id);

const many = Array.from({ length: 300 }, (_, index) => goal(`g${1000 + index}`));

test('a folder has the rows of a view, with all digits, and those of later changes instead of earlier ones', async () => {
  const target = await open();
  await replace(target, many);
  expect(await read()).toEqual(many);
  const precise = goal('g1001', -12_345_678_901_234_567_890_123_456_789n, null);
  const [second, added] = [goal('g1001', null, []), goal('none', 7n)];
  expect(await apply(target, [changed(precise), changed(second), gone('g1000'), gone('nothing'), changed(added)])).toBe(
    true,
  );
  expect(await read()).toEqual([precise, second, ...many.slice(2), added]);
  expect(target.table('goal')?.until).toBe('t1');
  target.close();
  expect(readdirSync(path).toSorted()).toEqual(['current', 'states']);
  expect(JSON.parse(readFileSync(join(current(), 'state.json'), 'utf8'))).toMatchObject({
    subject,
    until: 't1',
    tables: { goal: { until: 't1', hash: 'h1', key: 'goal_id', files: [{ prefix: '', rows: 301 }] } },
  });
});

test('a reader that has followed the link has a state that holds still, and files are shared until they change', async () => {
  const target = await open({ goalBytes: 500 });
  await replace(target, many);
  const former = current();
  const files = readdirSync(join(former, 'goal'));
  expect(files.length).toBeGreaterThan(2);
  await apply(target, [gone('g1000')]);
  expect(current()).not.toBe(former);
  expect(await read(former)).toEqual(many);
  expect(await idsOf()).toEqual(many.slice(1).map(([, id]) => id));
  const inodes = (state: string) =>
    readdirSync(join(state, 'goal')).map((name) => statSync(join(state, 'goal', name)).ino);
  expect(new Set([...inodes(former), ...inodes(current())]).size).toBe(files.length + 1);
  target.close();
});

test('groups without a changed row are copied as they are, with all digits and rejects, and small ones are joined', async () => {
  const target = await open();
  const thousands = Array.from({ length: 12_500 }, (_, index) =>
    goal(`g${10_000 + index}`, -BigInt(index) * 10n ** 30n, [`${index}`], index % 1000 === 0 ? ['value: Why.'] : null),
  );
  await replace(target, thousands);
  let rows = thousands;
  for (const index of [0, 1, 12_499]) {
    const row = goal(`g${10_000 + index}`, 7n);
    await apply(target, [changed(row)]);
    rows = rows.with(index, row);
  }
  expect(await read()).toEqual(rows);
  expect(await read(current(), '_rejects')).toHaveLength(12);
  const [file = ''] = readdirSync(join(current(), 'goal'));
  expect((await openParquet(join(current(), 'goal', file))).groups).toHaveLength(3);
  target.close();
});

test('nothing of a round is visible before it is complete', async () => {
  const target = await open();
  await replace(target, many);
  changes(target, [gone('g1000')]);
  await target.apply('goal', downloaded('t1'));
  expect(await read()).toEqual(many);
  target.close();
  const again = await open();
  expect(again.table('goal')?.until).toBe('t0');
  again.close();
});

test('a state that was not completed by a program that was killed is neither read nor kept', async () => {
  const first = await open();
  await replace(first, many);
  const [state] = states();
  await apply(first, [changed(goal('g1005', 7n)), gone('g1006'), changed(goal('new'))]);
  const rows = await read();
  // It leaves its lock, unfinished files, and a state to which the link does not point yet.
  rmSync(join(path, 'current'));
  symlinkSync(join('states', state as string), join(path, 'current'));
  mkdirSync(join(path, '.work', 'state', 'goal'), { recursive: true });
  writeFileSync(join(path, '.lock'), 'of a program that was killed');
  const second = await open({ beatMs: 1 });
  expect(second.table('goal')?.until).toBe('t0');
  await apply(second, [changed(goal('g1005', 7n)), gone('g1006'), changed(goal('new'))]);
  expect(await read()).toEqual(rows);
  second.close();
});

test('a file has the goal as its size: it is divided when it has grown, and a small view is one file', async () => {
  const target = await open({ goalBytes: 3000 });
  await replace(target, many.slice(0, 20));
  expect(readdirSync(join(current(), 'goal'))).toHaveLength(1);
  const rows = Array.from({ length: 2000 }, (_, index) =>
    goal(`g${1000 + index}`, BigInt(index) * 997n, [`${index * 7919}`]),
  );
  await apply(target, rows.map(changed));
  expect(await read()).toEqual(rows);
  const sizes = readdirSync(join(current(), 'goal')).map((name) => statSync(join(current(), 'goal', name)).size);
  expect(sizes.length).toBeGreaterThan(4);
  for (const size of sizes) expect(size).toBeLessThan(6000);
  target.close();
});

test('a view whose columns or definition have changed is read from the beginning', async () => {
  const target = await open();
  await replace(target, many);
  const other: SchemaElement = { name: 'other', ...optional, ...textType };
  changes(target, [], schemaOf([connection, deleted], [[other]]));
  expect(await target.apply('goal', downloaded('t1'))).toBe(false);
  changes(target, []);
  expect(await target.apply('goal', downloaded('t1', 'h2'))).toBe(false);
  expect(target.table('goal')?.until).toBe('t0');
  // What was deleted leaves its rows nevertheless.
  changes(target, [[...gone('g1000').slice(0, 6), 'x', null]], schemaOf([connection, deleted], [[other]]));
  await target.remove('goal');
  target.fail('goal', 'The view is not valid.');
  target.commit();
  expect(await idsOf()).toEqual(many.slice(1).map(([, id]) => id));
  expect(JSON.parse(readFileSync(join(current(), 'state.json'), 'utf8'))).toMatchObject({
    tables: { goal: { until: 't0', error: 'The view is not valid.' } },
  });
  target.close();
});

test('a view is read again if one of its files is missing or has another size', async () => {
  for (const harm of [(file: string) => rmSync(file), (file: string) => writeFileSync(file, 'cut off')]) {
    const target = await open();
    await replace(target, many);
    target.close();
    const [name = ''] = readdirSync(join(current(), 'goal'));
    harm(join(current(), 'goal', name));
    const again = await open();
    expect(again.table('goal')).toBeUndefined();
    await replace(again, many);
    expect(await read()).toEqual(many);
    again.close();
  }
});

test('rejects of all views are a table', async () => {
  const target = await open();
  await replace(target, many);
  expect(await read(current(), '_rejects')).toEqual([]);
  const rejected = ['value: It has 2 values: one is allowed.', 'at: It has no zone.'];
  await apply(target, [changed(goal('g1000', null, null, rejected)), changed(goal('g1001', null, null, ['*: Why.']))]);
  expect((await read(current(), '_rejects')).map((row) => row.join('|')).toSorted()).toEqual([
    'goal|conn_1|g1000|at|It has no zone.',
    'goal|conn_1|g1000|value|It has 2 values: one is allowed.',
    'goal|conn_1|g1001|*|Why.',
  ]);
  await remove(target, ['g1000', 'g1001']);
  expect(await read(current(), '_rejects')).toEqual([]);
  target.close();
});

test('the last state of an earlier day is kept, without what was erased since then', async () => {
  const first = await open({ graceMs: 0 });
  await replace(first, many);
  const [today] = states() as [string];
  first.close();
  // As if it were of an earlier day.
  const yesterday = today.replace(/^\d{4}/, '2024');
  renameSync(join(path, 'states', today), join(path, 'states', yesterday));
  rmSync(join(path, 'current'));
  symlinkSync(join('states', yesterday), join(path, 'current'));
  const target = await open({ graceMs: 0 });
  await apply(target, [changed(goal('new'))]);
  await apply(target, [changed(goal('newer'))]);
  expect(states()).toEqual([yesterday, basename(current())]);
  expect(await read(join(path, 'states', yesterday))).toEqual(many);
  await remove(target, ['g1000', 'new']);
  expect(states()).toEqual([`${yesterday}_000001`, basename(current())]);
  expect(await idsOf(join(path, 'states', `${yesterday}_000001`))).toEqual(many.slice(1).map(([, id]) => id));
  await remove(target, ['g1001']);
  expect(states()).toEqual([`${yesterday}_000002`, basename(current())]);
  expect(await idsOf(join(path, 'states', `${yesterday}_000002`))).toEqual(many.slice(2).map(([, id]) => id));
  // Nothing would delete the rows of a view that is not followed.
  target.keepOnly([]);
  target.commit();
  expect(states().map((id) => existsSync(join(path, 'states', id, 'goal')))).toEqual([false, false]);
  await replace(target, many);
  target.close();
  const without = await open({ graceMs: 0, keepDays: 0 });
  await apply(without, [gone('newer')]);
  expect(states()).toEqual([basename(current())]);
  without.close();
});

test('a state is kept for its readers for some time after another one has taken its place', async () => {
  const target = await open({ graceMs: 3_600_000 });
  await replace(target, many);
  await remove(target, ['g1000']);
  expect(states()).toHaveLength(2);
  target.close();
  const later = await open({ graceMs: 0 });
  later.commit();
  expect(states()).toEqual([basename(current())]);
  later.close();
});

test('a folder of other tables is refused, and a view that no longer exists is deleted', async () => {
  const target = await open();
  await replace(target, many);
  target.keepOnly(['patient']);
  target.commit();
  expect([existsSync(join(current(), 'goal')), target.table('goal')?.until]).toEqual([false, undefined]);
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

test('a folder that cannot be written is refused', async () => {
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
