import { Redis } from 'ioredis';

// On the same machine an answer takes a millisecond; a user's own Redis may be a network away.
const TIMEOUT_MS = 5_000;

/** Resolves once Redis answers PING (and has loaded its data). */
export async function pingRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let connectionError: unknown;
  client.on('error', (error) => {
    connectionError = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    // ioredis says only "Connection is closed."; why, it told the listener.
    throw connectionError ?? error;
  } finally {
    client.disconnect();
  }
}
