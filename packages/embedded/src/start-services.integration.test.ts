import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { fakeCommands } from './fake-commands.fixture.ts';
import { enginePaths } from './mongodb/build-engine.ts';
import { mongodScript } from './mongodb/mongod-script.fixture.ts';
import { processStartTime } from './processes/end-leftover.ts';
import { findOnPath } from './processes/find-on-path.ts';
import { type Services, startServices } from './start-services.ts';
import { until } from './until.fixture.ts';

const { REDIS_URL: redisOfTheRun, MONGODB_URI: _unset, ...bare } = process.env;
const { binary: engine } = enginePaths(process.env);
const missing = [engine, 'redis-server'].filter((command) => !findOnPath({ command, env: process.env }));
const report = () => undefined;

async function write(services: { redis: { url: string }; mongodb: { url: string } }): Promise<void> {
  await withClients(services, async ({ redis, mongo }) => {
    await redis.set('kept', 'yes');
    await mongo.db().collection<{ _id: string }>('kept').insertOne({ _id: 'yes' });
  });
}

async function read(services: { redis: { url: string }; mongodb: { url: string } }): Promise<unknown[]> {
  return withClients(services, async ({ redis, mongo }) => [
    await redis.get('kept'),
    await mongo.db().collection<{ _id: string }>('kept').findOne(),
  ]);
}

async function withClients<Value>(
  services: { redis: { url: string }; mongodb: { url: string } },
  work: (clients: { redis: Redis; mongo: MongoClient }) => Promise<Value>,
): Promise<Value> {
  const redis = new Redis(services.redis.url);
  // A refused login is also the answer of each command.
  redis.on('error', () => undefined);
  const mongo = new MongoClient(services.mongodb.url);
  try {
    return await work({ redis, mongo });
  } finally {
    redis.disconnect();
    await mongo.close();
  }
}

/** Starts the services in another process, which can be killed. */
async function startElsewhere(dataDir: string) {
  const module = fileURLToPath(new URL('./start-services.ts', import.meta.url));
  const code = `
    import { startServices } from ${JSON.stringify(module)};
    const { redis, mongodb } = await startServices({ dataDir: ${JSON.stringify(dataDir)}, report: () => undefined });
    const plain = ({ url, pid }) => ({ url, pid: pid() });
    console.log(JSON.stringify({ redis: plain(redis), mongodb: plain(mongodb) }));
    setInterval(() => undefined, 1_000);`;
  const args = ['--input-type=module', '-e', code];
  const parent = spawn(process.execPath, args, { env: bare, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  type Address = { url: string; pid: number };
  return { parent, ...(JSON.parse(line) as { redis: Address; mongodb: Address }) };
}

describe('startServices', () => {
  const started: Services[] = [];
  const folders: string[] = [];
  async function temporary(make = () => mkdtemp(join(tmpdir(), 'bulkhead-services-'))) {
    const folder = await make();
    folders.push(folder);
    return folder;
  }
  async function start(options: Parameters<typeof startServices>[0]) {
    const services = await startServices(options);
    started.push(services);
    return services;
  }
  let dataDir = '';
  beforeEach(async () => {
    dataDir = await temporary();
  });
  afterEach(async () => {
    for (const services of started.splice(0)) await services.stop();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  it('keeps data in a folder of mode 700, and its servers refuse clients without the password', async () => {
    await chmod(dataDir, 0o755);
    const services = await startServices({ dataDir, env: bare, report });
    started.push(services);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    await write(services);
    const withoutPassword = (url: string) => {
      const address = new URL(url);
      address.username = '';
      address.password = '';
      address.searchParams.delete('authSource');
      return address.href;
    };
    const strangers = {
      redis: { url: withoutPassword(services.redis.url) },
      mongodb: { url: withoutPassword(services.mongodb.url) },
    };
    await withClients(strangers, async ({ redis, mongo }) => {
      await expect(redis.get('kept')).rejects.toThrow('NOAUTH');
      await expect(mongo.db().collection('kept').findOne()).rejects.toThrow(/auth/);
    });
    for (const { pid } of [services.redis, services.mongodb])
      expect(await readFile(`/proc/${pid?.()}/cmdline`, 'utf8')).not.toContain(new URL(services.redis.url).password);
  });

  it('startServices lists all tried routes in one error per service if no service can be started', async () => {
    const env = {
      PATH: '/nowhere',
      XDG_CACHE_HOME: dataDir,
      DOCKER_HOST: `unix://${dataDir}/no.sock`,
      MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:1',
    };
    const reports: string[] = [];
    const failing = startServices({
      dataDir,
      env,
      report: ({ step, state, text }) => reports.push(`${step} ${state} ${text}`),
    });
    await expect(failing).rejects.toMatchObject({ code: 'NO_ROUTE' });
    const [redis, mongodb] = ['redis', 'mongodb'].map((name) =>
      reports.find((line) => line.startsWith(`${name} failed`)),
    );
    for (const tried of [
      'REDIS_URL: not set',
      'redis-server on PATH: redis-server is not on PATH',
      'Docker: no Docker engine answers',
      'apt-get install redis-server: there is no apt-get',
    ]) {
      expect(redis).toContain(`- ${tried}`);
    }
    for (const tried of [
      'MONGODB_URI: not set',
      'mongod on PATH: mongod is not on PATH',
      'an engine built earlier: none in',
      'Docker: no Docker',
      "MongoDB's own binary: 127.0.0.1:1 does not respond",
      'building an engine with cargo: there is no cargo',
    ]) {
      expect(mongodb).toContain(`- ${tried}`);
    }
  });

  it('startServices rejects an address from the environment that does not answer, and tries no other route', async () => {
    const env = { ...bare, REDIS_URL: 'redis://127.0.0.1:1' };
    await expect(startServices({ ephemeral: true, env, report })).rejects.toThrow(
      /REDIS_URL: it is set, but no Redis answers/,
    );
  });

  if (missing.length > 0) {
    console.warn(
      `The tests of kept data are skipped, because there is no ${missing.join(' and no ')} on this machine.`,
    );
    return;
  }

  it('startServices uses the address in REDIS_URL and leaves that Redis running', async () => {
    const services = await start({ ephemeral: true, env: { ...bare, REDIS_URL: redisOfTheRun }, report });
    expect(services.redis).toEqual({ url: redisOfTheRun, chosen: 'REDIS_URL', why: 'REDIS_URL is set', reused: false });
    await services.stop();
    const redis = new Redis(redisOfTheRun as string);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });

  it('startServices prefers a mongod on PATH, protects its data from the other engine, and reuses it', async () => {
    const commands = await temporary(() => fakeCommands({ mongod: mongodScript(engine) }));
    const env = { ...bare, PATH: `${commands}${delimiter}${bare.PATH}` };
    const first = await start({ dataDir, env, report });
    expect(first.mongodb).toMatchObject({ chosen: 'mongod on PATH', reused: false });
    await write(first);
    await first.stop();
    // Only the other engine is available: no Docker, no download and no cargo.
    const without = {
      ...bare,
      DOCKER_HOST: `unix://${dataDir}/no.sock`,
      MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:1',
    };
    await expect(startServices({ dataDir, env: without, report })).rejects.toThrow(
      /an engine built earlier: the data in .* was written by mongod/,
    );
    const second = await start({ dataDir, env, report });
    expect(second.mongodb).toMatchObject({ chosen: 'mongod on PATH', reused: true });
    expect(await read(second)).toEqual(['yes', { _id: 'yes' }]);
  });

  it('the servers end when their process is killed with -9, and the next start finds all written data', async () => {
    const { parent, redis, mongodb } = await startElsewhere(dataDir);
    await write({ redis, mongodb });
    await expect(startServices({ dataDir, env: bare, report })).rejects.toThrow(
      `is in use by the process ${parent.pid}`,
    );
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const secondStart = await start({ dataDir, env: bare, report });
    expect([redis, mongodb].map(({ pid }) => processStartTime(pid))).toEqual([undefined, undefined]);
    expect([secondStart.redis.reused, secondStart.mongodb.reused]).toEqual([true, true]);
    expect(await read(secondStart)).toEqual(['yes', { _id: 'yes' }]);
  });

  it('startServices reports a server that dies and restarts it on the same port with the same data', async () => {
    const services = await start({ dataDir, env: bare, report });
    await write(services);
    process.kill(services.mongodb.pid?.() ?? 0, 'SIGKILL');
    expect(await services.exited).toEqual({ service: 'mongodb', detail: 'secantus-mdb ended with SIGKILL' });
    await services.mongodb.restart?.();
    expect(await read(services)).toEqual(['yes', { _id: 'yes' }]);
  });

  it('an ephemeral start leaves no process behind', async () => {
    const services = await start({ ephemeral: true, env: bare, report });
    const pids = [services.redis, services.mongodb].map(({ pid }) => pid?.() ?? 0);
    await services.stop();
    await until(() => pids.every((pid) => processStartTime(pid) === undefined));
  });
});
