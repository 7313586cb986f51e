import { randomBytes } from 'node:crypto';

export interface TestServices {
  readonly redisUrl: string;
  /** A database of this test file's own. */
  readonly mongodbUri: string;
  /** A Redis key prefix of this test file's own; in braces, as a Redis Cluster needs it. */
  readonly prefix: string;
}

/** The servers that `npm test` started. Every caller gets its own database and key prefix, so files can run side by side. */
export function testServices(): TestServices {
  const { REDIS_URL, MONGODB_URI } = process.env;
  if (!REDIS_URL || !MONGODB_URI) {
    throw new Error('REDIS_URL and MONGODB_URI are not set: run integration tests by `npm test -- <path>`.');
  }
  const own = `t${randomBytes(6).toString('hex')}`;
  const mongodbUri = new URL(MONGODB_URI);
  mongodbUri.pathname = `/${own}`;
  return { redisUrl: REDIS_URL, mongodbUri: mongodbUri.href, prefix: `{${own}}` };
}
