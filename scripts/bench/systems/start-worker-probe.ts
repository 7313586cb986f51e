import { randomBytes } from 'node:crypto';
import { workerMemoryEnv, workerNodeArgs } from '../../system/worker-process.ts';
import type { BenchContext } from '../bench.ts';
import { type Probe, startProbe } from '../probe.ts';

export function newDatabase(): string {
  return `bench-${randomBytes(4).toString('hex')}`;
}

/** Starts a process of `apps/worker/bench` like a worker. Processes with the same `database` share records and jobs. */
export function startWorkerProbe(
  { redisUrl, mongodbUrl }: Pick<BenchContext, 'redisUrl' | 'mongodbUrl'>,
  options: {
    readonly entry: string;
    /** Default: a new one. */
    readonly database?: string;
    /** The address of the simulated EHR, or of its replacement. */
    readonly origin: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Probe> {
  const { entry, database = newDatabase(), origin, env } = options;
  const url = new URL(mongodbUrl);
  url.pathname = `/${database}`;
  return startProbe({
    entry: `apps/worker/bench/${entry}.probe.ts`,
    env: {
      REDIS_URL: redisUrl,
      MONGODB_URI: url.href,
      FHIR_ENDPOINT: `${origin}/fhir/r4`,
      ...workerMemoryEnv,
      ...env,
    },
    nodeArgs: workerNodeArgs,
  });
}
