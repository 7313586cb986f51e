import { errorCode, present, readRedisUrl } from '@bulkhead/base';
import { Redis, type RedisOptions } from 'ioredis';
import { type SentinelOptions, SentinelWatch } from './sentinel-watch.ts';

/**
 * Replies come in the order of the commands, so a connection whose oldest command has had no answer for this time is lost although it looks
 * open: the server's machine is gone, a reply was lost on the way, or another program has accepted the connection. Redis answers at once,
 * except the commands with which workers wait for jobs, for up to ten seconds. The API sends none of these.
 */
const silenceOf = { worker: 15_000, api: 5000 };

/**
 * @param options.waiting true for workers, whose commands wait for Redis for any length of time. False for the API, whose commands
 * fail immediately, so that a request gets its 503 and nothing is accepted that could be lost.
 * @param options.silenceMs how long an open connection may be without an answer before another one is opened
 */
export function connectRedis(options: {
  readonly url: string;
  readonly waiting: boolean;
  readonly onError: (error: Error) => void;
  readonly silenceMs?: number;
}): Redis {
  const { url, waiting, onError, silenceMs = waiting ? silenceOf.worker : silenceOf.api } = options;
  const settings = {
    replyMapping: 'legacy',
    ...(waiting
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 3000 }),
    socketTimeout: silenceMs,
    retryStrategy: retryDelayMs,
    // The server was demoted. Its address leads to the new primary, but this connection stays open.
    reconnectOnError: (error) => {
      if (!isFromReplica(error)) return false;
      redis.emit('error', error);
      return true;
    },
  } as const satisfies RedisOptions;
  const sentinels = sentinelsOf(url);
  const redis: Redis = sentinels
    ? new EndingRedis({ ...sentinels, ...settings }).watchedBy(new SentinelWatch(sentinels))
    : new EndingRedis(url, settings);
  redis.on('error', onError);
  return redis;
}

/** Reconnects within a second of Redis' return without sending too many attempts. */
function retryDelayMs(times: number): number {
  return Math.min(times * 100, 1000);
}

/** What ioredis needs to ask Sentinels for the primary before each connection. */
function sentinelsOf(url: string): (RedisOptions & SentinelOptions) | undefined {
  const { sentinelName: name, hosts = [], username, password, hasTls } = readRedisUrl(url) ?? {};
  if (name === undefined) return undefined;
  return {
    sentinels: [...hosts],
    name,
    ...present({ username, password }),
    ...(hasTls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
    sentinelRetryStrategy: retryDelayMs,
  };
}

/**
 * Ends also between two attempts to connect. ioredis would wait for the close of a connection that is closed already, and BullMQ waits for
 * the end of its connections when a worker stops.
 */
class EndingRedis extends Redis {
  #watch: SentinelWatch | undefined;

  watchedBy(watch: SentinelWatch | undefined): this {
    this.#watch = watch;
    watch?.add(this);
    return this;
  }

  override disconnect(reconnect = false): void {
    // In this status ioredis ends at once, and rejects the commands that wait.
    if (!reconnect && this.status === 'reconnecting') this.status = 'wait';
    super.disconnect(reconnect);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    return new EndingRedis({ ...this.options, ...override, replyMapping: 'legacy' }).watchedBy(this.#watch);
  }
}

/**
 * Closes a connection without waiting for replies. ioredis gives a server two seconds to close, also if the connection has already
 * ended, and would keep the process for that time.
 */
export function disconnectRedis(redis: Redis): void {
  redis.disconnect();
  // This event ends the wait. It was emitted before there was a wait.
  if (redis.stream?.closed) redis.stream.emit('close');
}

/** Versions before 7 put the name of a script in front of the code. */
function isFromReplica({ message }: Error): boolean {
  return message.includes('READONLY ');
}

/**
 * Remembers why the last attempt to connect has failed, because a command that is not sent fails without the reason.
 * @returns a function that returns the code of that error, or undefined if it has none or Redis is connected
 */
export function watchConnection(redis: Redis): () => string | undefined {
  let code: unknown;
  redis.on('error', (error: Error) => {
    code = errorCode(error);
  });
  redis.on('ready', () => {
    code = undefined;
  });
  return () => (typeof code === 'string' ? code : undefined);
}

/**
 * Lists what makes a Redis server unsuitable for queues: it may evict jobs, or lose them at a restart. Managed servers may refuse
 * CONFIG, and then these faults are not reported. A node of a cluster is unsuitable, because only the node with the queues' slot
 * accepts commands.
 */
export async function checkRedis(redis: Pick<Redis, 'config' | 'info'>): Promise<readonly string[]> {
  const read = async (name: string): Promise<string | undefined> => {
    try {
      const reply = (await redis.config('GET', name)) as string[];
      return reply[1];
    } catch {
      return undefined;
    }
  };
  const faults: string[] = [];
  const policy = await read('maxmemory-policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(`maxmemory-policy is ${policy}: Redis may drop jobs. Set it to noeviction.`);
  }
  if ((await read('appendonly')) === 'no') {
    faults.push('appendonly is no: a restart of Redis loses the queues (the sweep rebuilds them). Set it to yes.');
  }
  if (/^cluster_enabled:1/m.test(await readClusterInfo(redis))) {
    faults.push(
      'The server is a node of a Redis Cluster, whose redirections are not followed. Use a single primary (docs/scaling.md).',
    );
  }
  return faults;
}

async function readClusterInfo(redis: Pick<Redis, 'info'>): Promise<string> {
  try {
    return await redis.info('cluster');
  } catch {
    return '';
  }
}
