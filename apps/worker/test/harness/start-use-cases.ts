import { randomBytes } from 'node:crypto';
import type { BulkExport } from '@bulkhead/bulk-export';
import { createExportContexts, kickOff, pollExport } from '@bulkhead/bulk-export/steps';
import { makeBulkExport } from '@bulkhead/bulk-export/testing';
import { createEhrClient, createWebhookSender } from '@bulkhead/ehr-client';
import { createEhrSimulator, type EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import type { Connection, Provider } from '@bulkhead/providers';
import { makeConnection } from '@bulkhead/providers/testing';
import { Producer } from '@bulkhead/queues';
import { ByteBudget, createLogger } from '@bulkhead/runtime';
import { BufferPool } from '@bulkhead/store';
import { createStore } from '@bulkhead/system';
import { createSimulatorControl, testServices } from '@bulkhead/testing';
import { Redis } from 'ioredis';
import type { WorkerDeps } from '../../src/deps.ts';
import { withFeatureWork } from '../../src/feature-work.ts';
import { noLimiter } from './no-limiter.ts';
import { simulatorAuth, unlimitedAthenahealth } from './unlimited-athenahealth.ts';

/** `await using` stops them at the end of a test, so that tests can run at once. */
export type UseCases = Awaited<ReturnType<typeof startUseCases>>;

/** Starts what the steps of a worker need, without a worker. A test calls the steps itself, at the time that it sets. */
export async function startUseCases(
  options: {
    readonly simulator?: EhrSimulatorOptions;
    readonly scope?: string;
    /** Changes to the search settings of the provider. */
    readonly search?: Partial<Provider['search']>;
    /** Other changes to the provider. */
    readonly provider?: Partial<Provider>;
    /** Changes to the connection, for a server that is not the simulator. */
    readonly connection?: Partial<Connection>;
  } = {},
) {
  const { redisUrl, mongodbUri, prefix } = testServices();
  const simulator = createEhrSimulator({ patients: 4, exportSeconds: 0, retryAfterSeconds: 0, ...options.simulator });
  await simulator.start();
  const encryptionKey = randomBytes(32);
  const store = createStore({ uri: mongodbUri, encryptionKey });
  await store.connect();
  await store.migrate();
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const athenahealth = unlimitedAthenahealth(simulator.fhirEndpoint);
  const provider = {
    ...athenahealth,
    ...options.provider,
    search: { ...athenahealth.search, ...options.search } as Provider['search'],
  };
  const registry = { get: () => provider, list: () => [provider] };
  const producer = new Producer({ redis, prefix, onError: () => undefined });
  const ehr = createEhrClient({
    registry,
    redis,
    prefix,
    tokenStore: store.accessTokens,
    signingKeys: store.signingKeys,
    limiter: noLimiter,
  });
  const logger = createLogger({ name: 'test', level: (process.env.TEST_LOG_LEVEL as 'debug' | undefined) ?? 'silent' });
  const clock = { now: new Date() };
  const webhooks = createWebhookSender({ privateNetwork: true });
  // Small, so that a document of a test has several parts.
  const documents = { enabled: true, maxBytes: 2_000_000, withMedia: false, partBytes: 50_000 };
  const now = () => clock.now;
  // Each kind has its own number, so that a test notices if one is used for another.
  const retentionDays = Object.fromEntries(
    Object.keys(store.retention).map((kind, index) => [kind, 10 + index]),
  ) as WorkerDeps['retentionDays'];
  const exportContexts = createExportContexts({ store });
  const buffers = new BufferPool();
  const largeBytes = new ByteBudget(15 * 1024 * 1024);
  const parts = {
    store,
    producer,
    ehr,
    webhooks,
    exportContexts,
    buffers,
    largeBytes,
    logger,
    documents,
    retentionDays,
  };
  const readBudgets = async () => [];
  const deps = withFeatureWork({
    ...parts,
    pollIntervalMs: 30_000,
    erasureSettleMs: 30_000,
    databaseNow: async () => now(),
    readBudgets,
    now,
  });
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
    webhooks.close();
    await producer.close();
    await store.close();
    redis.disconnect();
    await simulator.stop();
  };
  const control = createSimulatorControl(simulator);
  /** Inserts an export that begins at the clock's time. */
  const insertExport = async (change: Partial<BulkExport> = {}): Promise<BulkExport> => {
    const record = makeBulkExport({ connectionId: connection.id, createdAt: clock.now, ...change });
    await store.bulkExports.insert({ record, requestKey: record.id });
    return record;
  };
  const read = async (exportId: string): Promise<BulkExport> => {
    const record = await store.bulkExports.find(exportId);
    if (!record) throw new Error(`no export ${exportId}`);
    return record;
  };
  return {
    deps,
    simulator,
    connection,
    mongodbUri,
    encryptionKey,
    redis,
    prefix,
    /** The clock that the steps read. */
    clock,
    read,
    /** Moves the clock to the export's next status request and sends it. */
    async pollOnce(exportId: string) {
      clock.now = (await read(exportId)).notBefore ?? clock.now;
      await pollExport(deps, { exportId, signal: AbortSignal.timeout(20_000) });
    },
    control,
    /** Injects a fault into the simulator (see its README). */
    inject: control.inject,
    /** Injects the faults of a named scenario (see the simulator's README). */
    orderScenario: control.orderScenario,
    insertExport,
    /** Inserts an export and kicks it off at the clock's time. @returns its id */
    async exporting(change: Partial<BulkExport> = {}): Promise<string> {
      const { id: exportId } = await insertExport(change);
      await kickOff(deps, { exportId, signal: AbortSignal.timeout(20_000) });
      return exportId;
    },
    /** The types that have a watermark. */
    async markedTypes(): Promise<string[]> {
      const watermarks = await store.watermarks.list({ connectionId: connection.id });
      return watermarks.map(({ resourceType }) => resourceType);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
