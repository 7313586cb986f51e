import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', 'main.ts');

/** A worker as a process of its own, so that a test can kill it. */
export function spawnWorker(env: Readonly<Record<string, string>>): { readonly kill: () => Promise<void> } {
  const child: ChildProcess = spawn(process.execPath, ['--conditions=@bulkhead/source', main], {
    env: { PATH: process.env.PATH, ...env, LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'error' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return {
    /** SIGKILL: nothing is said to anybody. */
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
