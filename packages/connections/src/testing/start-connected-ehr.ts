import { randomBytes } from 'node:crypto';
import { createLogger, present } from '@bulkhead/base';
import { createEhrClient } from '@bulkhead/ehr';
import { athenahealthRateLimit, type Provider } from '@bulkhead/ehr/providers';
import { simulatorAuth, unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { createEhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { Producer } from '@bulkhead/queues';
import { createSimulatorControl, testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import { ConnectionService } from '../commands/connection.service.ts';
import type { ConnectionStore } from '../connection.feature.ts';
import type { Connection } from '../connection.record.ts';
import type { ProbeParts } from '../steps/deps.ts';
import { makeConnection } from './make-connection.ts';
import { noLimiter } from './no-limiter.ts';

export interface ConnectedEhrOptions {
  readonly simulator?: EhrSimulatorOptions;
  readonly scope?: string;
  /** Changes to the search settings of the provider. */
  readonly search?: Partial<Provider['search']>;
  /** Whether the provider has no search settings, as a server that no operator has described. */
  readonly hasNoSearch?: boolean;
  /** Other changes to the provider. */
  readonly provider?: Partial<Provider>;
  /**
   * Whether the steps run by the real clock and requests keep the rate limit of the provider, by default ten times that of athenahealth.
   * Otherwise the test sets the clock, and requests are sent at once.
   */
  readonly realTime?: boolean;
  /** How long a server may send nothing. */
  readonly idleTimeoutMs?: number;
  /** For a database whose encrypted fields are copied. Default: a new one. */
  readonly encryptionKey?: Buffer;
  /** Changes to the connection, for a server that is not the simulator. */
  readonly connection?: Partial<Connection>;
}

/** Ten times the rate of athenahealth, without a wait at the start, for tests that are not about the rate. */
export const fastRateLimit: NonNullable<Provider['rateLimit']> = {
  ...athenahealthRateLimit,
  limit: 160,
  coldStart: 'go',
};

/** What a probe finds in the features that these tests do not open. */
const probeParts: ProbeParts = { storedTypes: async () => [], findPatients: async () => [] };

/** Opens the store of the features that a test runs. */
export type OpenStore<Store> = (at: {
  readonly uri: string;
  readonly encryptionKey: Buffer;
}) => Promise<{ readonly store: Store; readonly close: () => Promise<void> }>;

export type ConnectedEhr<Store extends ConnectionStore> = Awaited<ReturnType<typeof startConnectedEhr<Store>>>;

/**
 * Starts a simulated EHR, a connection to it and what the steps of features need, without a worker. A test calls the steps itself, at the
 * time that it sets.
 */
export async function startConnectedEhr<Store extends ConnectionStore>(
  openStore: OpenStore<Store>,
  options: ConnectedEhrOptions = {},
) {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const { realTime = false, idleTimeoutMs } = options;
  const rateLimit = realTime ? (options.provider?.rateLimit ?? fastRateLimit) : undefined;
  const simulator = createEhrSimulator({
    patients: 4,
    exportSeconds: 0,
    retryAfterSeconds: 0,
    ...(rateLimit ? { rateWindowRequests: rateLimit.limit } : {}),
    ...options.simulator,
  });
  await simulator.start();
  const { encryptionKey = randomBytes(32) } = options;
  const { store, close } = await openStore({ uri: mongodbUri, encryptionKey });
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const { fhirEndpoint = simulator.fhirEndpoint } = options.connection ?? {};
  const { search, ...athenahealth } = unlimitedAthenahealth(fhirEndpoint);
  const { environments = athenahealth.environments } = options.provider ?? {};
  const provider = {
    ...athenahealth,
    ...(rateLimit ? { rateLimit } : {}),
    ...options.provider,
    environments: { ...environments, production: { ...environments.production, fhirEndpoint } },
    ...(options.hasNoSearch ? {} : { search: { ...search, ...options.search } as Provider['search'] }),
  };
  const registry = { get: () => provider, list: () => [provider] };
  const producer = new Producer({ redis, prefix, onError: () => undefined });
  const { accessTokens: tokenStore, signingKeys } = store;
  const limiter = realTime ? {} : { limiter: noLimiter };
  const ehr = createEhrClient({
    registry,
    redis,
    prefix,
    tokenStore,
    signingKeys,
    ...limiter,
    ...present({ idleTimeoutMs }),
  });
  const logger = createLogger({ name: 'test', level: (process.env.TEST_LOG_LEVEL as 'debug' | undefined) ?? 'silent' });
  const clock = { now: new Date() };
  const { scope = 'system/*.read' } = options;
  const connection = makeConnection({
    id: 'conn_1',
    fhirEndpoint: simulator.fhirEndpoint,
    practiceId: '195900',
    groupId: 'a-1.C-195900',
    auth: { ...simulatorAuth, scope },
    createdAt: clock.now,
    ...options.connection,
  });
  await store.connections.insert(connection);
  const stop = async () => {
    ehr.close();
    await producer.close();
    await close();
    redis.disconnect();
    await simulator.stop();
  };
  const control = createSimulatorControl(simulator);
  const connections = new ConnectionService({
    store,
    producer,
    registry,
    // These belong to later features.
    schedules: { addDefault: async () => undefined, removeAll: async () => undefined },
    findActive: async () => undefined,
  });
  return {
    deps: {
      store,
      producer,
      ehr,
      logger,
      now: () => (realTime ? new Date() : clock.now),
      probe: probeParts,
    },
    connections,
    registry,
    simulator,
    connection,
    mongodbUri,
    encryptionKey,
    redis,
    prefix,
    /** The clock that the steps read, unless they run by the real one. */
    clock,
    control,
    /** Injects a fault into the simulator (see its README). */
    inject: control.inject,
    /** Injects the faults of a named scenario (see the simulator's README). */
    orderScenario: control.orderScenario,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
