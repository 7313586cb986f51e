import { randomBytes } from 'node:crypto';

export interface TestServices {
  readonly redisUrl: string;
  /** A separate database for this test file. */
  readonly mongodbUri: string;
  /** A separate Redis key prefix for this test file. It is in braces, as a Redis Cluster requires. */
  readonly prefix: string;
}

/** The URIs of the databases of the test file that runs. The environment of jest drops them when the file ends. */
const databases = Symbol.for('bulkhead.test-databases');

/** The servers that `npm test` started. Every caller gets its own database and key prefix, so test files can run concurrently. */
export function testServices(): TestServices {
  const { REDIS_URL, MONGODB_URI } = process.env;
  if (!REDIS_URL || !MONGODB_URI) {
    throw new Error('REDIS_URL and MONGODB_URI are not set. Run integration tests with `npm test -- <path>`.');
  }
  const suffix = `t${randomBytes(6).toString('hex')}`;
  const mongodbUri = new URL(MONGODB_URI);
  mongodbUri.pathname = `/${suffix}`;
  (globalThis as { [databases]?: string[] })[databases]?.push(mongodbUri.href);
  return { redisUrl: REDIS_URL, mongodbUri: mongodbUri.href, prefix: `{${suffix}}` };
}
