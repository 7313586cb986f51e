import {
  AuthorizationService,
  ConnectionService,
  ProbeService,
  SigningKeyService,
} from '@bulkhead/connections/commands';
import { DocumentService } from '@bulkhead/documents/commands';
import { createRetryDocument } from '@bulkhead/documents/retry';
import type { ProviderRegistry } from '@bulkhead/ehr/providers';
import { ErasureService } from '@bulkhead/erasure/commands';
import { BulkExportService, CohortService, createStartExport } from '@bulkhead/imports/export/commands';
import { createConnectionSchedules, ScheduleService } from '@bulkhead/imports/schedules/commands';
import { SyncService } from '@bulkhead/imports/sync/commands';
import {
  ConnectionList,
  createPauseReader,
  HealthService,
  HistoryService,
  MonitoringService,
  PlanService,
  RateBudgetService,
} from '@bulkhead/monitoring/commands';
import { checkRedis, type connectRedis, type Producer, watchConnection } from '@bulkhead/queues';
import { QuarantineService } from '@bulkhead/records/quarantine/commands';
import { createWebhookAddresses, WebhookService } from '@bulkhead/webhooks/commands';
import { ApplyConnectionService } from './apply-connection.service.ts';
import { type ClientKeySource, createHttpServices } from './create-http-services.ts';
import type { Store } from './create-store.ts';

export interface ServicesOptions {
  readonly store: Store;
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly redis: ReturnType<typeof connectRedis>;
  /** The prefix of every key in Redis. */
  readonly prefix: string;
  /** What the health report shows of the configuration. */
  readonly configuration: {
    /** From `exposedConnections`. */
    readonly exposed: readonly string[];
    /** From `unwrapKeys`. */
    readonly encryptionKeySource: string;
  };
  /** Of Bulkhead. */
  readonly version: string;
  /** Whether people may log in with an API key. Default: true. */
  readonly hasKeyLogin?: boolean;
  /** How the keys of backend clients are read from their URLs. Without it, they must be registered themselves. */
  readonly clientKeys?: ClientKeySource | undefined;
  /** How long the start of an export waits for its kick-off. */
  readonly kickOffWaitMs?: number | undefined;
  /** How long a connection test waits for its result. */
  readonly testWaitMs?: number | undefined;
}

export type Services = ReturnType<typeof createServices>;

/** Creates all services. A service stores records and enqueues jobs. The workers run the jobs. */
export function createServices(options: ServicesOptions) {
  const { store, producer, registry, redis, prefix, configuration, kickOffWaitMs, testWaitMs } = options;
  const findActive = async (connectionId: string) => {
    const active = await Promise.all(store.features.map((feature) => feature.findActive(connectionId)));
    return active.find((work) => work !== undefined);
  };
  const connectionSchedules = createConnectionSchedules(store, producer);
  const connections = new ConnectionService({
    store,
    producer,
    registry,
    testWaitMs,
    schedules: connectionSchedules,
    findActive,
  });
  const http = createHttpServices({ ...options, connections });
  const monitoring = new MonitoringService({ store, producer });
  const rateBudgets = new RateBudgetService({
    connections: store.connections,
    registry,
    reader: { redis, prefix },
  });
  const health = new HealthService({
    store,
    producer,
    configuration,
    readBudgets: (connections) => rateBudgets.read(connections),
    checkRedis: () => checkRedis(redis),
    redisConnectionError: watchConnection(redis),
  });
  const readPause = createPauseReader({
    find: (id) => store.connections.find(id),
    registry,
    reader: { redis, prefix },
  });
  const documents = new DocumentService({ store, connections });
  const addresses = createWebhookAddresses({ callsPrivateNetwork: () => monitoring.callsPrivateNetwork(new Date()) });
  const cohorts = new CohortService({ store, connections });
  const schedules = new ScheduleService({ store, producer, connections });
  const webhooks = new WebhookService({ store, producer, connections, addresses });
  return {
    ...http,
    applyConnection: new ApplyConnectionService({ store, connections, cohorts, schedules, webhooks }),
    authorizations: new AuthorizationService({ store, producer, registry, connections }),
    startExport: createStartExport({
      store,
      producer,
      connections,
      idempotency: http.idempotency,
      registry,
      addresses,
      kickOffWaitMs,
    }),
    bulkExports: new BulkExportService({ store, producer, connections, registry, readPause }),
    cohorts,
    connections,
    connectionList: new ConnectionList({ store, health }),
    documents,
    retryDocument: createRetryDocument({ store, producer, documents }),
    erasures: new ErasureService({ store, producer }),
    health,
    history: new HistoryService({ store }),
    monitoring,
    plans: new PlanService({ store, rateBudgets, reader: { redis, prefix } }),
    probes: new ProbeService({ store, producer, registry, connections, version: options.version }),
    quarantine: new QuarantineService({
      store,
      producer,
      connections,
      sources: {
        findRun: async (id) => (await store.bulkExports.find(id)) ?? store.syncRuns.find(id),
        findExportOf: async (fileId) => (await store.outputFiles.find(fileId))?.exportId,
      },
    }),
    rateBudgets,
    /** The EHR vendors that connections can name. */
    registry,
    schedules,
    signingKeys: new SigningKeyService({ store }),
    syncs: new SyncService({ store, producer, connections, registry, addresses, readPause }),
    webhooks,
  };
}
