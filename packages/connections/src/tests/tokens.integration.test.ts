import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { baseEnv, startTcpProxy, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import type { Connection } from '../connection.record.ts';
import {
  matchToken,
  startTokenCluster,
  type TokenCluster,
  times,
  tokenOwner,
  tokenPath,
} from '../testing/start-token-cluster.ts';

const script = fileURLToPath(new URL('../testing/read-once.process.ts', import.meta.url));
const tokenRequests = async (cluster: TokenCluster) => (await cluster.requests(tokenPath)).length;

test.concurrent('a token is requested once by fifty sessions of five clients, and a sixth client finds it', async () => {
  await using cluster = await startTokenCluster();
  const five = await cluster.joinMany(5);
  const statuses = await Promise.all(times(50, (index) => five[index % 5]?.read()));
  expect(statuses).toEqual(times(50, () => 200));
  expect(await tokenRequests(cluster)).toBe(1);
  const sixth = await cluster.join();
  expect(await sixth.read()).toBe(200);
  expect(await tokenRequests(cluster)).toBe(1);
});

test.concurrent('a token is requested once by several processes', async () => {
  await using cluster = await startTokenCluster();
  const { store } = await cluster.join();
  await store.connections.insert(cluster.connection);
  const codes = await Promise.all(
    times(4, async () => {
      const child = spawn(process.execPath, [script, 'conn_1', '12'], {
        env: { ...baseEnv(), ...cluster.env },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      return (await once(child, 'exit'))[0];
    }),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  expect((await cluster.requests(/Patient/)).length).toBe(48);
  expect(await tokenRequests(cluster)).toBe(1);
});

test.concurrent('a token that the EHR refuses is renewed once by all clients together', async () => {
  await using cluster = await startTokenCluster();
  const three = await cluster.joinMany(3);
  await Promise.all(three.map(({ read }) => read()));
  await cluster.inject('/Patient/', { kind: 'expire-tokens' });
  expect(await Promise.all(times(30, (index) => three[index % 3]?.read()))).toEqual(times(30, () => 200));
  expect(await tokenRequests(cluster)).toBe(2);
});

test.concurrent('a client whose token is refused finds the one that another client has renewed, without a request', async () => {
  await using cluster = await startTokenCluster();
  const [first, second] = await cluster.joinMany(2);
  await first?.read();
  await second?.read();
  await cluster.inject('/Patient/', { kind: 'expire-tokens' });
  expect(await first?.read()).toBe(200);
  expect(await second?.read()).toBe(200);
  expect(await tokenRequests(cluster)).toBe(2);
});

test.concurrent('a request stops if its renewed token is refused too, and no other token is requested', async () => {
  await using cluster = await startTokenCluster();
  const { read } = await cluster.join();
  await cluster.inject('/Patient/', { kind: 'status', status: 401 }, { times: 'always' });
  expect(await read()).toBe('ehr-unauthorized');
  expect([await tokenRequests(cluster), (await cluster.requests(/Patient/)).length]).toEqual([2, 2]);
});

test.concurrent('a token is renewed before it expires by one of its clients', async () => {
  // A token is renewed after half of its life. A request that takes as long as the other half would be refused.
  await using cluster = await startTokenCluster({ simulator: { tokenSeconds: 8 } });
  const three = await cluster.joinMany(3);
  const renewedTwice = async () => {
    await Promise.all(three.map(({ read }) => read()));
    return (await tokenRequests(cluster)) >= 3;
  };
  await waitFor(renewedTwice, { intervalMs: 200 });
  expect((await cluster.requests(/Patient/)).every(({ status }) => status === 200)).toBe(true);
});

test.concurrent('a token is never used by another connection', async () => {
  await using cluster = await startTokenCluster();
  const { read, store } = await cluster.join();
  const otherConnection: Connection = { ...cluster.connection, id: 'conn_2' };
  await read();
  await read(otherConnection);
  expect(await tokenRequests(cluster)).toBe(2);
  const tokens = await Promise.all(
    ['conn_1', 'conn_2'].map((connectionId) => store.accessTokens.read({ ...tokenOwner, connectionId })),
  );
  expect(new Set(tokens.map(({ token }) => token?.accessToken)).size).toBe(2);
});

test.concurrent('a wrong secret is refused to all clients by one request', async () => {
  await using cluster = await startTokenCluster();
  const three = await cluster.joinMany(3);
  const auth = { ...cluster.connection.auth, clientSecret: 'wrong' } as Connection['auth'];
  // Delayed so long that all clients wait for this answer, even on a busy machine.
  await cluster.inject(matchToken, { kind: 'latency', ms: 4000 });
  const outcomes = await Promise.all(times(30, (index) => three[index % 3]?.read({ ...cluster.connection, auth })));
  expect(outcomes).toEqual(times(30, () => 'token-refused'));
  expect(await tokenRequests(cluster)).toBe(1);
});

test.concurrent('another client requests the token when the lease of a crashed holder has expired', async () => {
  await using cluster = await startTokenCluster();
  const { read, store } = await cluster.join();
  // So long that the lease has not expired when the next client asks for it, even on a busy machine.
  const durationMs = 4000;
  expect(await store.accessTokens.takeLease({ ...tokenOwner, holder: 'dead', durationMs })).toBeDefined();
  const before = await store.accessTokens.takeLease({ ...tokenOwner, holder: 'other', durationMs });
  expect(before).toBeUndefined();
  expect(await read()).toBe(200);
  expect(await tokenRequests(cluster)).toBe(1);
});

test.concurrent('a token is not used after the credentials were changed, and a session with the old ones gets connection-changed', async () => {
  await using cluster = await startTokenCluster();
  const [first, second] = await cluster.joinMany(2);
  await first?.store.connections.insert(cluster.connection);
  await first?.read();
  await second?.store.connections.saveAuth({ id: 'conn_1', auth: cluster.connection.auth });
  const changed = await second?.store.connections.findWithSecrets('conn_1');
  expect(await second?.read(changed)).toBe(200);
  expect(await tokenRequests(cluster)).toBe(2);
  // The first client still holds the old token, which the EHR now refuses.
  await cluster.inject('/Patient/', { kind: 'expire-tokens' });
  expect(await first?.read()).toBe('connection-changed');
  expect(await first?.read(changed)).toBe(200);
  expect(await tokenRequests(cluster)).toBe(3);
});

test.concurrent('clients request no token of their own while MongoDB is unavailable', async () => {
  await using cluster = await startTokenCluster();
  await using proxy = await startTcpProxy(cluster.env.MONGODB_URI);
  const { read } = await cluster.join({ mongodbUri: proxy.url });
  await proxy.close();
  const outcomes = await Promise.all(times(5, () => read()));
  expect(outcomes.every((outcome) => /Mongo|Pool/.test(String(outcome)))).toBe(true);
  expect(await tokenRequests(cluster)).toBe(0);
  await proxy.open();
  expect(await read()).toBe(200);
});
