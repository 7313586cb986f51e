import { afterEach, expect, test } from '@jest/globals';
import { matchToken, startTokenCluster, type TokenCluster, times, tokenPath } from '../testing/start-token-cluster.ts';

let cluster: TokenCluster;
afterEach(() => cluster.stop());

// The guard is the longest time that a request may take to arrive. The simulator is in this process, which may be blocked.
const tokenRateLimit = { limit: 3, windowMs: 1500, perDay: 1000, guardMs: 1000, coldStart: 'go' } as const;

test('connections of one client id in several processes keep the budget of the token endpoint', async () => {
  cluster = await startTokenCluster({ tokenRateLimit });
  const three = await cluster.joinMany(3);
  const outcomes = await Promise.all(
    times(9, (index) => three[index % 3]?.read({ ...cluster.connection, id: `conn_${index}` })),
  );
  expect(outcomes).toEqual(times(9, () => 200));
  const arrivals = (await cluster.requests(tokenPath)).map(({ arrivedAtMs }) => arrivedAtMs);
  expect(arrivals).toHaveLength(9);
  const windows = arrivals.slice(3).map((at, index) => at - (arrivals[index] ?? 0));
  expect(Math.min(...windows)).toBeGreaterThanOrEqual(1500);
});

test('all processes wait if the token endpoint asks one of them to', async () => {
  cluster = await startTokenCluster({ tokenRateLimit: { ...tokenRateLimit, limit: 50 } });
  const [first, second] = await cluster.joinMany(2);
  await cluster.inject(matchToken, { kind: 'status', status: 429, retryAfter: '1' });
  expect(await first?.read()).toBe('token-unavailable');
  expect(await second?.read({ ...cluster.connection, id: 'conn_2' })).toBe(200);
  const [refused, granted] = await cluster.requests(tokenPath);
  expect((granted?.arrivedAtMs ?? 0) - (refused?.arrivedAtMs ?? 0)).toBeGreaterThanOrEqual(990);
});
