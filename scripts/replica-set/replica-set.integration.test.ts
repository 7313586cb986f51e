import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { enginePaths, findOnPath, spawnTethered } from '@bulkhead/embedded';
import { afterAll, expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-replica-set-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts'), ...args],
    env: { ...process.env, ...env },
    orphanGraceMs: 10_000,
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  return { code, lines };
}

/** A folder with a `mongod`, in front of the other programs. */
function withMongod(script: string): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(bin, 'mongod'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'mongod'), 0o755);
  return { PATH: [bin, process.env.PATH].join(delimiter) };
}

test('pnpm replica-set says what to install and exits with 2 if there is neither mongod nor Docker', async () => {
  const { code, lines } = await run([], { PATH: folder, DOCKER_HOST: 'unix:///none' });
  expect([code, lines]).toEqual([2, [expect.stringMatching(/no mongod on PATH.* Install MongoDB/)]]);
});

test('pnpm replica-set fails if a member does not start, and shows the end of its log', async () => {
  const { code, lines } = await run([], withMongod('echo "the data are of another version"; exit 1'));
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatch(/^fail: member 1 .*: the data are of another version$/);
});

const { binary: engine } = enginePaths(process.env);
const isBuilt = findOnPath({ command: engine, env: process.env }) !== undefined;
const tool = isBuilt ? {} : { missing: `there is no ${engine}` };

// The embedded engine cannot be a member of a set: it is a set of one, which is killed and restarted.
describeWith({ title: 'pnpm replica-set with one member', tool }, () => {
  const script = `
while [ $# -gt 0 ]; do
  case $1 in --dbpath) data=$2 ;; --port) port=$2 ;; --bind_ip) host=$2 ;; esac
  shift
done
exec ${engine} --host "$host" --port "$port" --storage-path "$data" --cache-size 256M --log-level WARNING`;
  const args = ['--members', '1', '--losses', '3', '--patients', '20', '--seed', '5'];

  test('passes if the member keeps what it has acknowledged', async () => {
    const { code, lines } = await run(args, withMongod(`${script} --sync-on-commit`));
    expect([code, lines.at(-1)]).toEqual([0, 'pass']);
    expect(lines.filter((line) => line.includes('kill-mongodb'))).toHaveLength(3);
    expect(lines.at(-2)).toMatch(/^3 exports disturbed, [1-9]\d* syncs completed$/);
  });
});
