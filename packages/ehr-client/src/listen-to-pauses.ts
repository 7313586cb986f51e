import type { Redis } from 'ioredis';

/**
 * Hears of pauses at once, on a connection of its own, which is made for the first budget: one that listens can do nothing else.
 * While it is away, what this process has taken ahead goes out, some requests within the next half window.
 */
export function listenToPauses({ redis }: { readonly redis: Redis }) {
  const listeners = new Map<string, () => void>();
  let subscriber: Redis | undefined;
  const connect = () => {
    // What is asked for while Redis is away must be asked for when it is back.
    const connection = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
    // It connects again by itself, and the main connection's errors are what is told.
    connection.on('error', () => undefined);
    connection.on('message', (channel: string) => listeners.get(channel)?.());
    return connection;
  };
  return {
    listen(channel: string, listener: () => void): void {
      listeners.set(channel, listener);
      subscriber ??= connect();
      // After a loss of the connection ioredis subscribes anew.
      subscriber.subscribe(channel).catch(() => undefined);
    },
    close(): void {
      subscriber?.disconnect();
    },
  };
}
