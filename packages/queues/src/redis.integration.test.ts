import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { connectRedis, disconnectRedis } from './redis.ts';

/** Starts a server that never answers its first connection, and connects all others to Redis. */
async function startSilentFirst() {
  const { hostname, port } = new URL(testServices().redisUrl);
  let accepted = 0;
  const server = createServer((inbound) => {
    inbound.on('error', () => undefined);
    accepted += 1;
    if (accepted > 1) inbound.pipe(connect(Number(port), hostname)).pipe(inbound);
    else inbound.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([true, false])('a connection without answers is replaced, waiting: %s', async (waiting) => {
  const { server, url } = await startSilentFirst();
  const redis = connectRedis({ url, waiting, silenceMs: 300, onError: () => undefined });
  try {
    // `once` would end at the error of the silent connection.
    await new Promise<void>((resolve) => redis.once('ready', resolve));
    expect(await redis.ping()).toBe('PONG');
  } finally {
    disconnectRedis(redis);
    server.close();
  }
});
