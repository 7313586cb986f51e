import { mongodbVersion, type Services, startServices } from '@bulkhead/embedded';
import { Redis } from 'ioredis';
import type { Steps } from '../steps/steps.ts';
import { engineInMemory } from '../test-system/engine-in-memory.ts';

export interface TestServers {
  /** The addresses of the servers, for the tests. */
  readonly env: Readonly<Record<'REDIS_URL' | 'MONGODB_URIS', string>>;
  stop(): Promise<void>;
}

/**
 * Starts the servers that test files share: one Redis, and a MongoDB for each worker of jest. At every command, the engine of
 * @bulkhead/embedded looks at each session that a client has used in the last half hour. A whole run has thousands of them, which double the
 * CPU time of a command.
 *
 * @param options.count the number of MongoDBs
 */
export async function startTestServers(options: {
  readonly steps: Steps;
  readonly count: number;
}): Promise<TestServers> {
  const { steps, count } = options;
  const env = { ...process.env, ...engineInMemory };
  const started: Services[] = [];
  const stop = async () => {
    await Promise.all(started.map((services) => services.stop()));
  };
  try {
    const first = await startServices({ ephemeral: true, env, report: steps.report });
    started.push(first);
    const more = { ephemeral: true, env: { ...env, REDIS_URL: first.redis.url }, report: () => undefined } as const;
    for (let index = 1; index < count; index++) started.push(await startServices(more));
    const addresses = started.map(({ mongodb }) => mongodb.url).join(' ');
    return { env: { REDIS_URL: first.redis.url, MONGODB_URIS: addresses }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns the versions of the servers, which may decide the result of a test */
export async function engineVersions({ REDIS_URL, MONGODB_URIS }: TestServers['env']): Promise<string> {
  const redis = new Redis(REDIS_URL);
  const info = await redis.info('server').finally(() => redis.disconnect());
  const redisVersion = /redis_version:\S+/.exec(info)?.[0];
  return `${redisVersion} mongodb:${await mongodbVersion(MONGODB_URIS.split(' ')[0] ?? '')}`;
}
