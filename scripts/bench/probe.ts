import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The result of one measurement in a separate process. */
export interface Measurement {
  /** The number of counted units: resources, files, requests. */
  readonly units: number;
  readonly seconds: number;
  /** The CPU time of all threads of the process, without its servers. */
  readonly cpuSeconds: number;
  /** Additional results of the probe. */
  readonly details: Readonly<Record<string, number>>;
}

export interface Probe {
  readonly pid: number;
  /** Runs the measurement with this name. */
  measure(name: string, argument?: unknown): Promise<Measurement>;
  stop(): Promise<void>;
}

export const root = join(import.meta.dirname, '..', '..');

/**
 * A process that measures its own work, see `apps/worker/bench/serve-probe.ts`. The caller decides the order of
 * measurements, so that a subject and its floor alternate.
 */
export async function startProbe(options: {
  /** Relative to the project's root. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}): Promise<Probe> {
  const { entry, env, nodeArgs = [] } = options;
  const child = fork(join(root, entry), {
    execArgv: [...nodeArgs],
    env: { PATH: process.env.PATH, ...env },
    cwd: root,
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const answer = async (): Promise<{ readonly error?: string } & Measurement> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      exited.then(([code]) => {
        throw new Error(`${entry} ended with ${code}`);
      }),
    ]);
    if (message.error !== undefined) throw new Error(`${entry}: ${message.error}`);
    return message;
  };
  await answer();
  return {
    pid: child.pid as number,
    async measure(name, argument) {
      child.send({ name, argument });
      return answer();
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
