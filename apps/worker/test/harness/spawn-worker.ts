import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { baseEnv, programOf } from '@bulkhead/testing';

/** `await using` kills it at the end of a test. */
export type SpawnedWorker = ReturnType<typeof spawnWorker>;

/**
 * Starts a worker as a separate process, so that a test can kill it.
 * @param options.preload a module of this folder that the process loads first
 * @param options.entry the path of a module that runs instead of the worker's own
 */
export function spawnWorker(
  env: Readonly<Record<string, string>>,
  { preload, entry = programOf('worker') }: { readonly preload?: string; readonly entry?: string } = {},
) {
  const imports = preload === undefined ? [] : [`--import=${join(import.meta.dirname, preload)}`];
  const args = [...imports, entry];
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...baseEnv(), ...env, LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'error' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  /** Sends SIGKILL, so the worker cannot close anything. */
  const kill = async () => {
    if (hasEnded()) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    pid: child.pid,
    hasEnded,
    kill,
    /** Stops the process as a pause of its machine would, until `resume`. */
    freeze: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  };
}
