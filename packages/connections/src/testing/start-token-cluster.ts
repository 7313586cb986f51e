import { randomBytes } from 'node:crypto';
import { makeConnection } from '@bulkhead/connections/testing';
import { createEhrClient, type EhrClient } from '@bulkhead/ehr';
import type { Provider } from '@bulkhead/ehr/providers';
import { simulatorAuth, unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { createEhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { openTestStore } from '@bulkhead/store/testing';
import { createSimulatorControl, testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import { connectionFeature } from '../connection.feature.ts';
import type { Connection } from '../connection.record.ts';
import { readPatient } from './read-patient.ts';

/** The token endpoint of the simulator, as the path of a request and as the match of a fault. */
export const tokenPath = /oauth2\/v1\/token/;
export const matchToken = { path: 'oauth2/v1/token' };
/** The owner of the tokens of the cluster's connection. */
export const tokenOwner = { connectionId: 'conn_1', credentialsVersion: 0 };

export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

type TokenRateLimit = Provider['environments'][string]['tokenRateLimit'];

/** `await using` stops it at the end of a test, so that tests can run at once. */
export type TokenCluster = Awaited<ReturnType<typeof startTokenCluster>>;
export type Member = Awaited<ReturnType<TokenCluster['join']>>;

/** Starts a simulator and clients that are as separate as processes: they share only MongoDB and Redis. */
export async function startTokenCluster(
  options: { readonly simulator?: EhrSimulatorOptions; readonly tokenRateLimit?: TokenRateLimit } = {},
) {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const simulator = createEhrSimulator({ patients: 1, ...options.simulator });
  await simulator.start();
  const { fhirEndpoint } = simulator;
  const provider = unlimitedAthenahealth(fhirEndpoint);
  const { tokenRateLimit } = options;
  const environments = { production: { fhirEndpoint, ...(tokenRateLimit ? { tokenRateLimit } : {}) } };
  const registry = { get: () => ({ ...provider, environments }), list: () => [] };
  const encryptionKey = randomBytes(32);
  const started = new AsyncDisposableStack();
  started.defer(() => simulator.stop());
  const auth = { ...simulatorAuth, scope: 'system/*.read' };
  const connection = makeConnection({ id: tokenOwner.connectionId, fhirEndpoint, auth });
  const join = async ({ mongodbUri: uri = mongodbUri }: { readonly mongodbUri?: string } = {}) => {
    const { store, database, close } = await openTestStore(connectionFeature.open, { uri, encryptionKey });
    const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const { accessTokens: tokenStore, signingKeys } = store;
    const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
    started.defer(async () => {
      ehr.close();
      redis.disconnect();
      await close();
    });
    /** Reads a patient with the connection's token. @returns the status or the error's code */
    return { store, ping: () => database.db?.admin().ping(), read: (of: Connection = connection) => read(ehr, of) };
  };
  const control = createSimulatorControl(simulator);
  return {
    simulator,
    connection,
    /** The environment for processes that a test starts itself. */
    env: {
      REDIS_URL: redisUrl,
      MONGODB_URI: mongodbUri,
      BULKHEAD_PREFIX: prefix,
      BULKHEAD_ENCRYPTION_KEY: encryptionKey.toString('base64'),
      ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint,
    },
    /** Adds a member: a client with its own connection to the database, as a process has. */
    join,
    joinMany: (count: number) => Promise.all(times(count, () => join())),
    inject: control.inject,
    /** Requests that the simulator received, by path, in the order of their arrival. */
    requests: control.requests,
    stop: () => started.disposeAsync(),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function read(ehr: EhrClient, connection: Connection): Promise<number | string> {
  try {
    return (await readPatient(ehr.session(connection))).status;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
