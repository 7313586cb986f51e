import { workerMemoryEnv, workerNodeArgs } from '../../system/worker-process.ts';
import { type Probe, startProbe } from '../probe.ts';

/** A process of `apps/worker/bench`, started as workers are; those that share `database` share records and jobs. */
export function startWorkerProbe(options: {
  readonly entry: string;
  readonly redisUrl: string;
  readonly mongodbUrl: string;
  readonly database: string;
  /** Where the simulated EHR, or who stands in for it, is. */
  readonly origin: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Probe> {
  const { entry, redisUrl, mongodbUrl, database, origin, env } = options;
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
