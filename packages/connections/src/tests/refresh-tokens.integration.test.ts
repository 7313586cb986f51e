import { createHash } from 'node:crypto';
import { startTcpProxy, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import type { Connection } from '../connection.record.ts';
import {
  type Member,
  matchToken,
  startTokenCluster,
  type TokenCluster,
  times,
  tokenOwner,
  tokenPath,
} from '../testing/start-token-cluster.ts';

const scope = 'launch/patient patient/*.read';
const redirectUri = 'https://app.example/api/ehr/callback';
const client = { client_id: 'simulator-client', client_secret: 'simulator-secret' };

/** A connection that a user has authorized and whose access token has expired. */
async function authorized(cluster: TokenCluster, store: Member['store']): Promise<Connection> {
  const { baseUrl, fhirEndpoint } = cluster.simulator;
  const verifier = 'v'.repeat(43);
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope,
    aud: fhirEndpoint,
    state: 's',
    code_challenge,
    code_challenge_method: 'S256',
  });
  const { headers } = await fetch(`${baseUrl}/oauth2/v1/authorize?${query}`, { redirect: 'manual' });
  const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
  const redeem = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...client,
  };
  const response = await fetch(`${baseUrl}/oauth2/v1/token`, { method: 'POST', body: new URLSearchParams(redeem) });
  const { access_token: accessToken, refresh_token: refreshToken } = (await response.json()) as Record<string, string>;
  const grant = { accessToken: accessToken ?? '', refreshToken: refreshToken ?? '', scope, renewAfterMs: 0 };
  await store.accessTokens.put({ ...tokenOwner, grant });
  const { client_id: clientId, client_secret: clientSecret } = client;
  return { ...cluster.connection, auth: { method: 'authorization_code', clientId, clientSecret, scope } };
}
const answers = async (cluster: TokenCluster) => (await cluster.requests(tokenPath)).map(({ status }) => status);

test.concurrent('a refresh token is used once by all processes together, and its successor the next time', async () => {
  await using cluster = await startTokenCluster();
  const three = await cluster.joinMany(3);
  const [first] = three;
  const connection = await authorized(cluster, (first as Member).store);
  const all = () => Promise.all(times(30, (index) => three[index % 3]?.read(connection)));
  expect(await all()).toEqual(times(30, () => 200));
  expect(await answers(cluster)).toEqual([200, 200]);
  await cluster.inject('/Patient/', { kind: 'expire-tokens' });
  expect(await all()).toEqual(times(30, () => 200));
  expect(await answers(cluster)).toEqual([200, 200, 200]);
});

test.concurrent('a refresh token that was received while MongoDB was unavailable is not lost', async () => {
  await using cluster = await startTokenCluster();
  await using proxy = await startTcpProxy(cluster.env.MONGODB_URI);
  const [member, otherMember] = [await cluster.join({ mongodbUri: proxy.url }), await cluster.join()];
  const connection = await authorized(cluster, otherMember.store);
  await cluster.inject(matchToken, { kind: 'latency', ms: 500 });
  const reading = member.read(connection);
  await waitFor(async () => (await answers(cluster)).length === 2);
  await proxy.close();
  await waitFor(async () => (await answers(cluster))[1] === 200);
  // Longer than the driver waits for a server, so that a write fails.
  for (let outage = 0; outage < 2; outage += 1) await expect(member.ping()).rejects.toThrow();
  await proxy.open();
  expect(await reading).toBe(200);
  await cluster.inject('/Patient/', { kind: 'expire-tokens' });
  expect(await otherMember.read(connection)).toBe(200);
  expect(await answers(cluster)).toEqual([200, 200, 200]);
});

test.concurrent('a refresh token that was received while the credentials were changed is not lost', async () => {
  await using cluster = await startTokenCluster();
  const [first, second] = await cluster.joinMany(2);
  const { store } = first as Member;
  const connection = await authorized(cluster, store);
  await store.connections.insert(connection);
  // Delayed so long that the credentials are changed before this answer, even on a busy machine.
  await cluster.inject(matchToken, { kind: 'latency', ms: 4000 });
  const reading = first?.read(connection);
  await waitFor(async () => (await answers(cluster)).length === 2);
  await store.connections.saveAuth({ id: connection.id, auth: connection.auth });
  const changed = await store.connections.findWithSecrets(connection.id);
  await store.accessTokens.supersede({ ...tokenOwner, credentialsVersion: 1 });
  expect(await Promise.all([reading, second?.read(changed)])).toEqual(['connection-changed', 200]);
  expect(await answers(cluster)).toEqual([200, 200, 200]);
});

test.concurrent('a refused refresh token ends the authorization, and no process requests another token', async () => {
  await using cluster = await startTokenCluster();
  const [first, second] = await cluster.joinMany(2);
  const connection = await authorized(cluster, (first as Member).store);
  await first?.store.connections.insert(connection);
  const { refreshToken = '' } = (await first?.store.accessTokens.read(tokenOwner)) ?? {};
  const body = new URLSearchParams({ token: refreshToken, ...client });
  await fetch(`${cluster.simulator.baseUrl}/oauth2/v1/revoke`, { method: 'POST', body });
  expect(await Promise.all([first?.read(connection), second?.read(connection)])).toEqual([
    'authorization-needed',
    'authorization-needed',
  ]);
  expect(await second?.read(connection)).toBe('authorization-needed');
  expect(await answers(cluster)).toEqual([200, 400]);
  expect((await first?.store.connections.find('conn_1'))?.needsAuthorization).toBe(true);
});
