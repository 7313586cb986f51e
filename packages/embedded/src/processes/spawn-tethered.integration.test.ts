import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../until.fixture.ts';
import { processStartTime } from './end-leftover.ts';
import { spawnTethered } from './spawn-tethered.ts';

const MODULE = fileURLToPath(new URL('./spawn-tethered.ts', import.meta.url));
// Deaf to SIGTERM, as a server that hangs is; the inner one is what a compiler's compiler is. Not for ever, in case this run is
// killed at the one moment when nobody can end it.
const DEAF = 'trap "" TERM; sleep 60 & echo "inner $!"; for i in 1 2 3 4 5 6 7 8 9; do sleep 6; done';
const isGone = (pid: number) => processStartTime(pid) === undefined;

/** A process that starts `script` tethered and says the pids. */
async function startParent(script: string, { PATH = process.env.PATH } = {}) {
  const code = `
    import { spawnTethered } from ${JSON.stringify(MODULE)};
    const pids = {};
    const child = await spawnTethered({ command: '/bin/sh', args: ['-c', ${JSON.stringify(script)}], output: { onLine: (line) => {
      console.log(JSON.stringify({ child: child.pid, guardian: child.guardianPid(), inner: Number(line.split(' ')[1]) }));
    } } });
    setInterval(() => undefined, 1_000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH },
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  return { parent, ...(JSON.parse(line) as { child: number; guardian: number; inner: number }) };
}

describe('a tethered child', () => {
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
    ['with the kernel telling the child', process.env.PATH],
    ['with the guardian alone, as on a system without setpriv', '/nowhere'],
  ])(
    'dies with everything it started, though deaf to SIGTERM, when its parent is killed with -9: %s',
    async (_how, PATH) => {
      const { parent, child, guardian, inner } = await startParent(
        DEAF.replaceAll('sleep', '/bin/sleep'),
        PATH ? { PATH } : {},
      );
      parents.push(parent);
      expect([child, guardian, inner].map(isGone)).toEqual([false, false, false]);
      parent.kill('SIGKILL');
      // Left alone, the child would live for 54 s: longer than this waits.
      await until(() => isGone(child) && isGone(inner) && isGone(guardian));
    },
  );

  it('gets a new guardian when its guardian is killed with -9, and dies with its parent then too', async () => {
    const { parent, child, guardian, inner } = await startParent(DEAF);
    parents.push(parent);
    process.kill(guardian, 'SIGKILL');
    await until(() => isGone(guardian));
    // The parent replaces it after 100 ms; a second is ample.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(isGone(child)).toBe(false);
    parent.kill('SIGKILL');
    await until(() => isGone(child) && isGone(inner));
  });

  (process.platform === 'linux' ? it : it.skip)('dies when parent and guardian are killed at once', async () => {
    const { parent, child, guardian } = await startParent('echo inner 0; exec sleep 300');
    parents.push(parent);
    process.kill(guardian, 'SIGKILL');
    parent.kill('SIGKILL');
    await until(() => isGone(child));
  });

  it('stops in order, by force after the grace, and its guardian goes with it', async () => {
    let isDeaf = false;
    const onLine = () => {
      isDeaf = true;
    };
    const child = await spawnTethered({ command: '/bin/sh', args: ['-c', DEAF], output: { onLine } });
    await until(() => isDeaf);
    const guardian = child.guardianPid() as number;
    await child.stop({ graceMs: 200 });
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => isGone(guardian));
  });

  it('gives the exit code, and its output to a file', async () => {
    const file = join(folder, 'logs', 'x.log');
    const child = await spawnTethered({
      command: 'sh',
      args: ['-c', 'echo out; echo err >&2; exit 7'],
      output: { file },
    });
    expect(await child.exited).toEqual({ code: 7, signal: null });
    expect((await readFile(file, 'utf8')).split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('says so when there is no such command', async () => {
    await expect(spawnTethered({ command: 'no-such-command', output: 'ignore' })).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    });
  });
});
