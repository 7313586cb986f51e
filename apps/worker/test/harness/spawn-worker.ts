import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { baseEnv } from '@bulkhead/testing';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface SpawnedWorker {
  readonly hasEnded: () => boolean;
  readonly kill: () => Promise<void>;
}

/**
 * Starts a worker as a separate process, so that a test can kill it.
 * @param preload a module of this folder that the process loads first
 */
export function spawnWorker(env: Readonly<Record<string, string>>, preload?: string): SpawnedWorker {
  const imports = preload === undefined ? [] : [`--import=${join(import.meta.dirname, preload)}`];
  const child: ChildProcess = spawn(process.execPath, ['--conditions=@bulkhead/source', ...imports, main], {
    env: { ...baseEnv(), ...env, LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'error' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    hasEnded,
    /** Sends SIGKILL, so the worker cannot close anything. */
    async kill() {
      if (hasEnded()) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
