import { mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { run } from '../run-program.fixture.ts';

let folder: ReturnType<typeof mkdtempDisposableSync>;
beforeEach(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-follow-'));
  writeFileSync(join(folder.path, 'Goal.ndjson'), '{"id":"a"}\n');
  writeFileSync(join(folder.path, 'state.json'), '{"connectionId":"conn_1","since":"2026-01-01T00:00:00.000Z"}\n');
});
afterEach(() => folder.remove());

const follow = (code: string) =>
  run({
    args: ['resources', 'follow', '--connection', 'conn_1', '--out', folder.path, '--once'],
    answers: {
      readChanges: { status: 410, body: { success: false, error: { code, message: `Message of ${code}.` } } },
    },
  });

test('resources follow deletes its files if everything of the connection was erased, and says so', async () => {
  const { exitCode, stderr } = await follow('connection-purged');
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('Message of connection-purged.');
  expect(readdirSync(folder.path)).toEqual([]);
});

test('resources follow reads everything again if its folder is too old, and keeps the files until then', async () => {
  const { stderr, calls } = await follow('history-expired');
  // The second request has no `_since`. This API refuses it, too.
  expect(calls.length).toBe(2);
  expect(stderr).toContain('Message of history-expired.');
  expect(readdirSync(folder.path).toSorted()).toEqual(['Goal.ndjson', 'state.json']);
});
