import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { compileCache, root } from '../../system/builds.ts';
import { memoryEnv, workerNodeArgs } from '../../system/process-options.ts';
import type { BenchContext } from '../bench.ts';

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

export type Probe = Awaited<ReturnType<typeof startWorkerProbe>>;

export function newDatabase(): string {
  return `bench-${randomBytes(4).toString('hex')}`;
}

/**
 * Starts a process of `apps/worker/bench` like a worker. Processes with the same `database` share records and jobs. It
 * measures its own work, see `apps/worker/bench/serve-probe.ts`. The caller decides the order of measurements, so that
 * a subject and its floor alternate. `await using` ends the process.
 */
export async function startWorkerProbe(
  { redisUrl, mongodbUrl }: Pick<BenchContext, 'redisUrl' | 'mongodbUrl'>,
  options: {
    readonly entry: string;
    /** Default: a new one. */
    readonly database?: string;
    /** The address of the simulated EHR, or of its replacement. */
    readonly origin: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Options of Node.js besides those of a worker. Default: none. */
    readonly nodeArgs?: readonly string[];
  },
) {
  const { database = newDatabase(), origin, env, nodeArgs = [] } = options;
  const url = new URL(mongodbUrl);
  url.pathname = `/${database}`;
  const entry = `apps/worker/bench/${options.entry}.probe.ts`;
  const child = fork(join(root, entry), {
    execArgv: [...workerNodeArgs, ...nodeArgs],
    env: {
      PATH: process.env.PATH,
      REDIS_URL: redisUrl,
      MONGODB_URI: url.href,
      FHIR_ENDPOINT: `${origin}/fhir/r4`,
      // Without it, each probe spends a second or two to strip and compile the sources of the worker.
      NODE_COMPILE_CACHE: compileCache,
      ...memoryEnv,
      ...env,
    },
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
    /** Runs the measurement with this name. */
    measure(name: string, argument?: unknown): Promise<Measurement> {
      child.send({ name, argument });
      return answer();
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
