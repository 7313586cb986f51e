import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { lockOwner, tryExclusiveLock, waitForLock } from './file-lock.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('the exclusive lock has one holder at a time and can be taken again after its release', () => {
  const file = join(folder, 'x.lock');
  const first = tryExclusiveLock(file);
  expect(tryExclusiveLock(file)).toBeUndefined();
  first?.release();
  const second = tryExclusiveLock(file);
  expect(second).toBeDefined();
  second?.release();
});

it('the exclusive lock names its holder and is free as soon as its holder is killed with -9', async () => {
  const file = join(folder, 'x.lock');
  const module = fileURLToPath(new URL('./file-lock.ts', import.meta.url));
  const code = `
    import { tryExclusiveLock } from ${JSON.stringify(module)};
    globalThis.lock = tryExclusiveLock(${JSON.stringify(file)});
    console.log('held');
    setInterval(() => undefined, 1_000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(tryExclusiveLock(file)).toBeUndefined();
  expect(lockOwner(file)).toBe(String(holder.pid));
  const owners: string[] = [];
  const waiting = waitForLock({
    file,
    onWait: (owner) => {
      owners.push(owner);
      holder.kill('SIGKILL');
    },
  });
  (await waiting).release();
  expect(owners[0]).toBe(String(holder.pid));
});
