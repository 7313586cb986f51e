import { startTcpProxy, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { connectRedis, disconnectRedis } from './redis.ts';

test.each([true, false])('a connection without answers is replaced, waiting: %s', async (waiting) => {
  let accepted = 0;
  // It never answers its first connection.
  await using proxy = await startTcpProxy(testServices().redisUrl, (inbound, outbound) => {
    accepted += 1;
    if (accepted > 1) inbound.pipe(outbound).pipe(inbound);
    else inbound.resume();
  });
  const redis = connectRedis({ url: proxy.url, waiting, silenceMs: 300, onError: () => undefined });
  try {
    // `once` would end at the error of the silent connection.
    await new Promise<void>((resolve) => redis.once('ready', resolve));
    expect(await redis.ping()).toBe('PONG');
  } finally {
    disconnectRedis(redis);
  }
});
