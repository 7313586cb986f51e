import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OwnServer, redisServer, startOwnServer, waitFor } from '@bulkhead/testing';
import { Redis } from 'ioredis';

const name = 'bulkhead-primary';
/** How long a Sentinel waits before it takes the primary for lost. Deployments have seconds. */
const downMs = 500;

/** Without the five seconds for which a primary waits for more replicas before it sends its data. */
const server = {
  ...redisServer,
  args: (at: { readonly port: number; readonly dataFolder: string }) => [
    ...redisServer.args(at),
    '--repl-diskless-sync-delay',
    '0',
  ],
};

/** Starts a primary, two replicas, and three Sentinels, as Redis' documentation advises. They need redis-server on PATH. */
export async function startSentinels() {
  await using started = new AsyncDisposableStack();
  const servers: OwnServer[] = [];
  for (let index = 0; index < 3; index++) servers.push(started.use(await startOwnServer(server)));
  const portOf = (url: string) => Number(new URL(url).port);
  const [primary = '', ...replicas] = servers.map(({ url }) => url);
  const ask = async <Answer>(url: string, send: (redis: Redis) => Promise<Answer>): Promise<Answer> => {
    const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    redis.on('error', () => undefined);
    try {
      return await send(redis);
    } finally {
      redis.disconnect();
    }
  };
  for (const url of replicas) await ask(url, (redis) => redis.replicaof('127.0.0.1', portOf(primary)));
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${portOf(primary)} 2`,
    `sentinel down-after-milliseconds ${name} ${downMs}`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  const sentinels: OwnServer[] = [];
  for (let index = 0; index < 3; index++)
    sentinels.push(
      started.use(
        await startOwnServer({
          ...redisServer,
          name: 'Redis Sentinel',
          prepare: (folder) => writeFileSync(join(folder, 'sentinel.conf'), `${config.join('\n')}\n`),
          args: ({ port, dataFolder }) => [join(dataFolder, 'sentinel.conf'), '--sentinel', '--port', String(port)],
        }),
      ),
    );
  const [first = ''] = sentinels.map(({ url }) => url);
  const readPrimary = async () => {
    const [, port] = (await ask(first, (redis) => redis.call('SENTINEL', 'get-master-addr-by-name', name))) as string[];
    const server = servers.find(({ url }) => portOf(url) === Number(port));
    if (!server) throw new Error(`no server has the port ${port}`);
    return server;
  };
  const waitForAnother = (lost: OwnServer) =>
    waitFor(
      async () => {
        const server = await readPrimary();
        return server === lost ? undefined : server;
      },
      { timeoutMs: 60_000, what: 'another primary' },
    );
  const knowsAll = async () => {
    const facts = (await ask(first, (redis) => redis.call('SENTINEL', 'master', name))) as string[];
    const read = (fact: string) => Number(facts[facts.indexOf(fact) + 1]);
    return read('num-slaves') === 2 && read('num-other-sentinels') === 2;
  };
  await waitFor(knowsAll);
  const running = started.move();
  return {
    url: `redis+sentinel://${sentinels.map(({ url }) => `127.0.0.1:${portOf(url)}`).join()}/${name}`,
    /**
     * Loses the primary, and waits until another one is promoted and the lost one is its replica. A frozen one continues as the primary, with its
     * open connections, until the Sentinels notice it.
     */
    async failOver(loss: 'killed' | 'frozen'): Promise<void> {
      const lost = await readPrimary();
      if (loss === 'killed') await lost.kill();
      else lost.pause();
      const promoted = await waitForAnother(lost);
      if (loss === 'killed') {
        await lost.start();
        await ask(lost.url, (redis) => redis.replicaof('127.0.0.1', portOf(promoted.url)));
      } else lost.resume();
      const isReplica = async () =>
        /^role:slave[\s\S]*^master_link_status:up/m.test(await ask(lost.url, (redis) => redis.info('replication')));
      await waitFor(isReplica, { timeoutMs: 60_000, what: 'the lost server is a replica' });
    },
    /** The Sentinels notice it later. */
    async killPrimary(): Promise<void> {
      await (await readPrimary()).kill();
    },
    /** Freezes the primary until the end of the test. @returns when another one was promoted */
    async freezePrimary(): Promise<void> {
      const lost = await readPrimary();
      lost.pause();
      running.defer(async () => lost.resume());
      await waitForAnother(lost);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
