import { startTcpProxy, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { connectRedis, disconnectRedis } from './redis.ts';
import { startSentinels } from './testing/index.ts';

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

test('a connection leaves a frozen primary when a Sentinel has promoted another one', async () => {
  await using sentinels = await startSentinels();
  const silenceMs = 600_000;
  const redis = connectRedis({ url: sentinels.url, waiting: true, silenceMs, onError: () => undefined });
  using _redis = { [Symbol.dispose]: () => disconnectRedis(redis) };
  const copy = redis.duplicate();
  using _copy = { [Symbol.dispose]: () => disconnectRedis(copy) };
  const readRun = async () =>
    [await redis.info('server'), await copy.info('server')].map((info) => /run_id:\w+/.exec(info)?.[0]);
  const before = await readRun();
  await sentinels.freezePrimary();
  const after = await readRun();
  expect(after[0]).toBe(after[1]);
  expect(after[0]).not.toBe(before[0]);
});

test('a connection waits while the Sentinels name a primary that is gone', async () => {
  await using sentinels = await startSentinels();
  await sentinels.killPrimary();
  const redis = connectRedis({ url: sentinels.url, waiting: true, onError: () => undefined });
  using _redis = { [Symbol.dispose]: () => disconnectRedis(redis) };
  expect(await redis.set('written-to-the-new-primary', '1')).toBe('OK');
});

test('a stop ends also a connection that looks for its primary', async () => {
  const redis = connectRedis({
    url: 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/name',
    waiting: true,
    onError: () => undefined,
  });
  const command = redis.ping();
  disconnectRedis(redis);
  await expect(command).rejects.toThrow('Connection is closed');
});
