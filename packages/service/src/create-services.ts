import type { ProviderRegistry } from '@bulkhead/providers';
import { checkRedis, type connectRedis, type Producer } from '@bulkhead/queues';
import type { Store } from '@bulkhead/store';
import { type ApiKeyService, createApiKeyService } from './api-key.service.ts';
import { type AuditService, createAuditService } from './audit/audit.service.ts';
import { type AuthorizationService, createAuthorizationService } from './authorization.service.ts';
import { type BulkExportService, createBulkExportService } from './bulk-export.service.ts';
import { type ConnectionService, createConnectionService } from './connection.service.ts';
import { createConnectionSchedules } from './connection-schedules.ts';
import { createDiagnosisService, type DiagnosisService } from './diagnosis.service.ts';
import { createDocumentService, type DocumentService } from './document.service.ts';
import { createErasureService, type ErasureService } from './erasure.service.ts';
import { createMonitoringService, type MonitoringService } from './monitoring.service.ts';
import { createQuarantineService, type QuarantineService } from './quarantine.service.ts';
import { createRateBudgetService, type RateBudgetService } from './rate-budget.service.ts';
import { createResourceService, type ResourceService } from './resource.service.ts';
import { createScheduleService, type ScheduleService } from './schedule.service.ts';
import { createSessionService, type SessionService } from './session.service.ts';
import { createSigningKeyService, type SigningKeyService } from './signing-key.service.ts';
import { createSyncService, type SyncService } from './sync.service.ts';
import { createWebhookService, type WebhookService } from './webhook.service.ts';

export interface ServicesOptions {
  readonly store: Store;
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly redis: ReturnType<typeof connectRedis>;
  /** Of every key in Redis. */
  readonly prefix: string;
  /** What the diagnosis reports about the configuration. */
  readonly configuration: {
    /** From `exposedConnections`. */
    readonly exposed: readonly string[];
    /** From `unwrapKeys`. */
    readonly encryptionKeySource: string;
  };
  /** How long the start of an export waits for its kick-off. */
  readonly kickOffWaitMs?: number | undefined;
  /** How long a connection test waits for its result. */
  readonly testWaitMs?: number | undefined;
  /** How long a sync waits for its end if the caller does not say. */
  readonly syncWaitMs?: number | undefined;
}

export interface Services {
  readonly apiKeys: ApiKeyService;
  readonly audit: AuditService;
  readonly authorizations: AuthorizationService;
  readonly bulkExports: BulkExportService;
  readonly connections: ConnectionService;
  readonly diagnosis: DiagnosisService;
  readonly documents: DocumentService;
  readonly erasures: ErasureService;
  readonly monitoring: MonitoringService;
  readonly quarantine: QuarantineService;
  readonly rateBudgets: RateBudgetService;
  /** The EHR vendors that connections can name. */
  readonly registry: ProviderRegistry;
  readonly resources: ResourceService;
  readonly schedules: ScheduleService;
  readonly sessions: SessionService;
  readonly signingKeys: SigningKeyService;
  readonly syncs: SyncService;
  readonly webhooks: WebhookService;
}

/** Creates all services. They store and enqueue; workers do the work. */
export function createServices(options: ServicesOptions): Services {
  const { store, producer, registry, redis, prefix, configuration } = options;
  const apiKeys = createApiKeyService({ store });
  const { kickOffWaitMs, testWaitMs, syncWaitMs: defaultWaitMs } = options;
  const connectionSchedules = createConnectionSchedules({ store, producer });
  const connections = createConnectionService({
    ...{ store, producer, registry, testWaitMs },
    schedules: connectionSchedules,
  });
  return {
    apiKeys,
    audit: createAuditService({ store }),
    authorizations: createAuthorizationService({ store, producer, registry, connections }),
    bulkExports: createBulkExportService({ store, producer, connections, registry, kickOffWaitMs }),
    connections,
    diagnosis: createDiagnosisService({ store, producer, checkRedis: () => checkRedis(redis), ...configuration }),
    documents: createDocumentService({ store, producer, connections }),
    erasures: createErasureService({ store, producer }),
    monitoring: createMonitoringService({ store, producer }),
    quarantine: createQuarantineService({ store, producer }),
    rateBudgets: createRateBudgetService({ connections, registry, reader: { redis, prefix } }),
    registry,
    resources: createResourceService({ store, connections }),
    schedules: createScheduleService({ store, producer, connections }),
    sessions: createSessionService({ store, apiKeys }),
    signingKeys: createSigningKeyService({ store }),
    syncs: createSyncService({ store, producer, connections, registry, defaultWaitMs }),
    webhooks: createWebhookService({ store, producer, connections }),
  };
}
