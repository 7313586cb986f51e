import { mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangeBatch } from '@bulkhead/client';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ResourceFolder } from './resource-folder.ts';

let folder: ReturnType<typeof mkdtempDisposableSync>;
let path: string;
beforeEach(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-folder-'));
  ({ path } = folder);
});
afterEach(() => folder.remove());
const subject = { connectionId: 'conn_1', types: undefined };
const put = (type: string, id: string, rank = '1.50') => ({ type, id, json: `{"id":"${id}","rank":${rank}}` });
const deletion = (type: string, id: string) => ({ type, id, json: undefined });

/** Applies a batch as a new process does, and as one that was killed before it had written the position. */
async function apply(changes: ChangeBatch['changes'], since: string): Promise<void> {
  const state = join(path, 'state.json');
  const before = readFileSync(state, 'utf8');
  const batch = { changes, since, isBeginning: false, isCurrent: true };
  await new ResourceFolder(path, subject).apply(batch);
  writeFileSync(state, before);
  writeFileSync(join(path, `${changes[0]?.type}.partial`), 'cut off');
  await new ResourceFolder(path, subject).apply(batch);
}

async function readFirst(...batches: (readonly ChangeBatch['changes'][number][])[]): Promise<void> {
  const folder = new ResourceFolder(path, subject);
  for (const [index, changes] of batches.entries()) {
    const isCurrent = index === batches.length - 1;
    await folder.apply({ changes, isBeginning: index === 0, isCurrent, since: isCurrent ? 't0' : undefined });
  }
}
const read = (type: string) =>
  readFileSync(join(path, `${type}.ndjson`), 'utf8')
    .split('\n')
    .filter(Boolean)
    .toSorted();

test('a folder has each resource once, with the text of its numbers, and no deleted one, also if a batch is applied twice', async () => {
  await readFirst([put('Goal', 'a'), put('Flag', 'f')], [put('Goal', 'b')]);
  expect(new ResourceFolder(path, subject).readSince()).toBe('t0');
  await apply([put('Goal', 'a', '2.0'), put('Goal', 'c'), deletion('Goal', 'b'), deletion('Goal', 'c')], 't1');
  expect(read('Goal')).toEqual(['{"id":"a","rank":2.0}']);
  expect(read('Flag')).toEqual(['{"id":"f","rank":1.50}']);
  expect(new ResourceFolder(path, subject).readSince()).toBe('t1');
});

test('a line separator in a text of a resource does not divide its line', async () => {
  const separated = { type: 'Goal', id: 'a', json: '{"id":"a","note":"one\u2028two"}' };
  await readFirst([separated]);
  await apply([put('Goal', 'b')], 't1');
  expect(read('Goal')).toEqual([separated.json, put('Goal', 'b').json]);
});

test('a first read that was interrupted starts again, and another one replaces what no longer exists', async () => {
  const folder = new ResourceFolder(path, subject);
  await folder.apply({ changes: [put('Goal', 'cut')], isBeginning: true, isCurrent: false, since: undefined });
  expect([readdirSync(path), folder.readSince()]).toEqual([['Goal.partial'], undefined]);
  await readFirst([put('Goal', 'a'), put('Flag', 'f')]);
  expect(read('Goal')).toEqual(['{"id":"a","rank":1.50}']);
  await readFirst([put('Goal', 'a')]);
  expect(readdirSync(path).toSorted()).toEqual(['Goal.ndjson', 'state.json']);
});

test('what is read again during the first read replaces its earlier version', async () => {
  const folder = new ResourceFolder(path, subject);
  const batch = { isBeginning: false, isCurrent: false, since: 't0' };
  const changes = [put('Goal', 'a'), put('Goal', 'b'), put('Goal', 'c'), put('Flag', 'f')];
  await folder.apply({ ...batch, changes, isBeginning: true, since: undefined });
  await folder.apply({ ...batch, changes: [put('Goal', 'a', '2.0'), deletion('Goal', 'b'), put('Goal', 'd')] });
  expect(new ResourceFolder(path, subject).readSince()).toBeUndefined();
  await folder.apply({ ...batch, changes: [put('Goal', 'a', '3.0'), deletion('Goal', 'd')], isCurrent: true });
  expect(read('Goal')).toEqual([put('Goal', 'a', '3.0').json, put('Goal', 'c').json]);
  expect(read('Flag')).toEqual([put('Flag', 'f').json]);
  expect(readdirSync(path).toSorted()).toEqual(['Flag.ndjson', 'Goal.ndjson', 'state.json']);
});

test('a folder of another connection is refused, and a purge leaves other files', async () => {
  await readFirst([put('Goal', 'a')]);
  writeFileSync(join(path, 'notes.ndjson'), 'of the user');
  expect(() => new ResourceFolder(path, { ...subject, connectionId: 'conn_2' }).readSince()).toThrow(
    /has all types of conn_1/,
  );
  new ResourceFolder(path, subject).clear();
  expect(readdirSync(path)).toEqual(['notes.ndjson']);
});
