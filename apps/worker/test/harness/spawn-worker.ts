import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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
  const args = [...shippedNodeArgs(), ...imports, entry];
  const child: ChildProcess = spawn(process.execPath, args, {
    env: { ...baseEnv(), ...shippedMemoryEnv, ...env, LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'error' },
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
    pid: child.pid as number,
    hasEnded,
    /** Undefined if it has ended itself, or runs. */
    endedBy: () => child.signalCode ?? undefined,
    kill,
    /** Stops the process as a pause of its machine would, until `resume`. */
    freeze: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    [Symbol.asyncDispose]: kill,
  };
}

const docker = join(import.meta.dirname, '..', '..', '..', '..', 'docker');

/** The options of Node.js in the image of the worker. */
function shippedNodeArgs(): readonly string[] {
  const commands = readFileSync(join(docker, 'Dockerfile'), 'utf8').matchAll(
    /^CMD \["node", (.+), "dist\/main\.js"\]$/gm,
  );
  const [command] = [...commands].filter(([text]) => text.includes('--heap-growing-percent'));
  return JSON.parse(`[${command?.[1]}]`);
}
const shippedMemoryEnv = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '16384' };

/** The memory limit of a worker in Kubernetes. */
export function shippedLimitMegabytes(): number {
  const text = readFileSync(join(docker, 'kubernetes', 'base', 'worker', 'worker.yaml'), 'utf8');
  return Number(/limits: \{ memory: (\d+)Mi \}/.exec(text)?.[1]) * 1.048576;
}

/** The largest resident size of a process so far, which Linux records. */
export function peakMegabytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}
