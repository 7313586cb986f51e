import { Redis, type RedisOptions } from 'ioredis';

/** How ioredis finds a primary by its Sentinels. */
export type SentinelOptions = Pick<RedisOptions, 'name' | 'tls'> & {
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
};

/**
 * Opens connections again when a Sentinel says that it has promoted another server. Otherwise a process would send commands to a lost server that
 * has come back, until the Sentinels notice it and make it a replica. ioredis can do this (`failoverDetector`), but a connection that is just
 * looking for the new primary would then end for ever.
 */
export class SentinelWatch {
  readonly #options: SentinelOptions;
  readonly #connections = new Set<Redis>();
  #sentinels: readonly Redis[] = [];

  constructor(options: SentinelOptions) {
    this.#options = options;
  }

  add(connection: Redis): void {
    if (this.#connections.size === 0) this.#sentinels = this.#options.sentinels.map((address) => this.#open(address));
    this.#connections.add(connection);
    connection.once('end', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) for (const sentinel of this.#sentinels) sentinel.disconnect();
    });
  }

  #open(address: { readonly host: string; readonly port: number }): Redis {
    const { name, tls } = this.#options;
    const sentinel = new Redis({ ...address, ...(tls ? { tls } : {}), maxRetriesPerRequest: null });
    // The connections that look for the primary report a Sentinel that does not answer.
    sentinel.on('error', () => undefined);
    sentinel.subscribe('+switch-master').catch(() => undefined);
    sentinel.on('message', (_channel: string, message: string) => {
      if (!message.startsWith(`${name} `)) return;
      for (const connection of this.#connections) if (connection.status === 'ready') connection.disconnect(true);
    });
    return sentinel;
  }
}
