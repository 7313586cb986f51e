import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { run } from './run-program.fixture.ts';

const folder = mkdtempDisposableSync(join(tmpdir(), 'bulkhead-cli-download-'));
afterAll(() => folder.remove());

const args = ['resources', 'get', '--connection', 'conn_1', '--types', 'Media,Location'];
const answers = { searchResources: { body: '' } };

test('a type without resources is an empty file, and the next types are read', async () => {
  const { exitCode, stderr, calls } = await run({ args: [...args, '--out', folder.path], answers });
  expect({ exitCode, stderr, calls: calls.length }).toEqual({ exitCode: 0, stderr: '', calls: 2 });
  const contents = ['Media', 'Location'].map((type) => readFileSync(join(folder.path, `${type}.ndjson`), 'utf8'));
  expect(contents).toEqual(['', '']);
});

test('a type without resources prints nothing on the standard output', async () => {
  expect(await run({ args, answers })).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
});

test('a file as --out is refused, because each type is written to a separate file', async () => {
  const file = join(folder.path, 'records');
  writeFileSync(file, 'kept');
  const { exitCode, stderr, calls } = await run({ args: [...args, '--out', file], answers });
  expect({ exitCode, stderr, calls: calls.length }).toEqual({
    exitCode: 2,
    stderr: `${file} is a file, and --out takes a folder: it gets several files. Choose another folder.\n`,
    calls: 0,
  });
  expect(readFileSync(file, 'utf8')).toBe('kept');
});
