import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { until } from '../until.fixture.ts';
import { processStartTime } from './end-leftover.ts';
import { spawnTethered } from './spawn-tethered.ts';

const MODULE = fileURLToPath(new URL('./spawn-tethered.ts', import.meta.url));
// Ignores SIGTERM, like a server that hangs. The inner process simulates the compiler that a compiler starts. It ends by itself, in
// case this test run is killed at a moment when no other process can end it.
const IGNORES_SIGTERM = 'trap "" TERM; sleep 60 & echo "inner $!"; for i in 1 2 3 4 5 6 7 8 9; do sleep 6; done';
const isGone = (pid: number) => processStartTime(pid) === undefined;

/** Starts a process that spawns `script` tethered and prints the pids, and the pid of each new guardian. */
async function startParent(script: string, { PATH = process.env.PATH } = {}) {
  const code = `
    import { spawnTethered } from ${JSON.stringify(MODULE)};
    const pids = {};
    const child = await spawnTethered({ command: '/bin/sh', args: ['-c', ${JSON.stringify(script)}], output: { onLine: (line) => {
      console.log(JSON.stringify({ child: child.pid, guardian: child.guardianPid(), inner: Number(line.split(' ')[1]) }));
    } } });
    let guardian = child.guardianPid();
    setInterval(() => {
      if (child.guardianPid() === guardian) return;
      guardian = child.guardianPid();
      console.log(guardian);
    }, 20);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH },
  });
  const lines = createInterface({ input: parent.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { parent, lines, ...(JSON.parse(line) as { child: number; guardian: number; inner: number }) };
}

const parents: ChildProcess[] = [];
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-tether-'));
});
afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

it.each([
  ['with a signal from the kernel', process.env.PATH],
  ['with the guardian only, as on a system without setpriv', '/nowhere'],
])(
  'a child that ignores SIGTERM dies with everything it started when its parent is killed with -9: %s',
  async (_how, PATH) => {
    const { parent, child, guardian, inner } = await startParent(
      IGNORES_SIGTERM.replaceAll('sleep', '/bin/sleep'),
      PATH ? { PATH } : {},
    );
    parents.push(parent);
    expect([child, guardian, inner].map(isGone)).toEqual([false, false, false]);
    parent.kill('SIGKILL');
    // Otherwise the child would live for 54 s, which is longer than this waits.
    await until(() => isGone(child) && isGone(inner) && isGone(guardian));
  },
);

it('a child gets a new guardian when its guardian is killed with -9, and still dies with its parent', async () => {
  const { parent, lines, child, guardian, inner } = await startParent(IGNORES_SIGTERM);
  parents.push(parent);
  const replaced = once(lines, 'line');
  process.kill(guardian, 'SIGKILL');
  const [next] = await replaced;
  expect([guardian, Number(next), child].map(isGone)).toEqual([true, false, false]);
  parent.kill('SIGKILL');
  await until(() => isGone(child) && isGone(inner));
});

(process.platform === 'linux' ? it : it.skip)(
  'a child dies when its parent and its guardian are killed together',
  async () => {
    const { parent, child, guardian } = await startParent('echo inner 0; exec sleep 300');
    parents.push(parent);
    process.kill(guardian, 'SIGKILL');
    parent.kill('SIGKILL');
    await until(() => isGone(child));
  },
);

it('a child that is stopped gets SIGTERM, then SIGKILL, and its guardian ends too', async () => {
  let ignoresSigterm = false;
  const onLine = () => {
    ignoresSigterm = true;
  };
  const child = await spawnTethered({ command: '/bin/sh', args: ['-c', IGNORES_SIGTERM], output: { onLine } });
  await until(() => ignoresSigterm);
  const guardian = child.guardianPid() as number;
  await child.stop({ graceMs: 200 });
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await until(() => isGone(guardian));
});

it('a child reports its exit code and writes its output to a file', async () => {
  const file = join(folder, 'logs', 'x.log');
  const child = await spawnTethered({
    command: 'sh',
    args: ['-c', 'echo out; echo err >&2; exit 7'],
    output: { file },
  });
  expect(await child.exited).toEqual({ code: 7, signal: null });
  expect((await readFile(file, 'utf8')).split('\n').sort()).toEqual(['', 'err', 'out']);
});

it.each([1, 2, 3, 4, 5])('a child has exited only when its last lines have been read (child %i)', async () => {
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  // More than a pipe holds, so the child ends while many lines are still in it.
  const child = await spawnTethered({ command: 'seq', args: ['20000'], output: { onLine } });
  await child.exited;
  expect(lines.at(-1)).toBe('20000');
});

it('a missing command throws COMMAND_NOT_FOUND', async () => {
  await expect(spawnTethered({ command: 'no-such-command', output: 'ignore' })).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
  });
});
