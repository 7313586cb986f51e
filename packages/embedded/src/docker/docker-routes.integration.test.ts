import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, MongoClient } from 'mongodb';
import { lockNetwork } from '../browser/lock-network.ts';
import type { Lock } from '../data/file-lock.ts';
import { openServiceHome } from '../data/open-data-folder.ts';
import { mongodbDockerRoute } from '../mongodb/mongodb-routes.ts';
import { pingMongodb } from '../mongodb/start-mongodb-server.ts';
import { redisDockerRoute } from '../redis/redis-routes.ts';
import { pingRedis } from '../redis/start-redis-server.ts';
import type { ServiceRoute } from '../service-route.ts';
import { whyNoDocker } from './docker-address.ts';

const reason = await whyNoDocker(process.env);

// The images may have to be pulled first.
const TIMEOUT_MS = 300_000;
// As long as a build of the images and the tests in a browser hold the lock. A hook that gave up earlier would still take it, for good.
const LOCK_TIMEOUT_MS = 20 * 60_000;

describe('the Docker routes', () => {
  if (reason) {
    console.warn(`The tests of the Docker routes are skipped: ${reason}.`);
    it.todo('the Docker routes run containers');
    return;
  }

  let lock: Lock;
  beforeAll(async () => {
    lock = await lockNetwork('change addresses');
  }, LOCK_TIMEOUT_MS);
  afterAll(() => lock?.release());
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-docker-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run({ route, kept }: { route: ServiceRoute; kept: boolean }) {
    const home = await openServiceHome({ folder, kept });
    const result = await route.attempt({ env: process.env, home, progress: () => undefined, note: () => undefined });
    if (result.outcome !== 'running') throw new Error(result.reason);
    return result.service;
  }

  it(
    'the Docker route of Redis starts and stops a container',
    async () => {
      const { url, stop } = await run({ route: redisDockerRoute, kept: false });
      await pingRedis(url);
      await stop();
      await expect(pingRedis(url)).rejects.toThrow();
    },
    TIMEOUT_MS,
  );

  const withoutPassword = (url: string) => {
    const address = new URL(url);
    address.username = '';
    address.password = '';
    address.searchParams.delete('authSource');
    return address.href;
  };

  it(
    'the servers of the Docker routes refuse clients without the password if they keep data',
    async () => {
      const redis = await run({ route: redisDockerRoute, kept: true });
      await pingRedis(redis.url);
      await expect(pingRedis(withoutPassword(redis.url))).rejects.toThrow('NOAUTH');
      await redis.stop();
      const mongodb = await run({ route: mongodbDockerRoute, kept: true });
      await expect(withKept(withoutPassword(mongodb.url), (collection) => collection.findOne())).rejects.toThrow(
        /auth/,
      );
      await mongodb.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'the Docker route of MongoDB gives data of an earlier version, which had no user, a password',
    async () => {
      const home = await openServiceHome({ folder, kept: true });
      const context = { env: process.env, progress: () => undefined, note: () => undefined };
      const earlier = await mongodbDockerRoute.attempt({ ...context, home: { ...home, password: undefined } });
      if (earlier.outcome !== 'running') throw new Error(earlier.reason);
      await withKept(earlier.service.url, (collection) => collection.insertOne({ _id: 'earlier' }));
      await earlier.service.stop();
      const { url, stop } = await run({ route: mongodbDockerRoute, kept: true });
      expect(new URL(url).password).toBe(home.password);
      expect(await withKept(url, (collection) => collection.findOne())).toEqual({ _id: 'earlier' });
      await stop();
    },
    TIMEOUT_MS,
  );

  it(
    'the Docker route of MongoDB keeps the data for the next container',
    async () => {
      const first = await run({ route: mongodbDockerRoute, kept: true });
      await withKept(first.url, (collection) => collection.insertOne({ _id: 'yes' }));
      await first.stop();
      await expect(pingMongodb({ url: first.url, timeoutMs: 1_000 })).rejects.toThrow();
      const second = await run({ route: mongodbDockerRoute, kept: true });
      expect(await withKept(second.url, (collection) => collection.findOne())).toEqual({ _id: 'yes' });
      await second.stop();
    },
    TIMEOUT_MS,
  );
});

async function withKept<Value>(url: string, work: (collection: Collection<{ _id: string }>) => Promise<Value>) {
  const client = new MongoClient(url);
  try {
    return await work(client.db().collection<{ _id: string }>('kept'));
  } finally {
    await client.close();
  }
}
