import type { ProviderRegistry } from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import type { createHealth, Logger, Metrics, Tracing } from '@bulkhead/runtime';
import type {
  ApiKeyService,
  AuditService,
  AuthorizationService,
  BulkExportService,
  ConnectionService,
  DiagnosisService,
  DocumentService,
  ErasureService,
  MonitoringService,
  QuarantineService,
  RateBudgetService,
  ResourceService,
  ScheduleService,
  SessionService,
  SigningKeyService,
  SyncService,
  WebhookService,
} from '@bulkhead/service';
import type { EventStreams } from './event-streams.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import type { RefusedAttempts } from './refused-attempts.ts';

/** What the routes are made from. */
export interface HttpAppDeps {
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly apiKeys: ApiKeyService;
  readonly audit: AuditService;
  readonly refusedAttempts: RefusedAttempts;
  readonly limits: RequestLimits;
  readonly streams: EventStreams;
  readonly authorizations: AuthorizationService;
  readonly bulkExports: BulkExportService;
  readonly connections: ConnectionService;
  readonly diagnosis: DiagnosisService;
  readonly documents: DocumentService;
  readonly erasures: ErasureService;
  readonly monitoring: MonitoringService;
  readonly quarantine: QuarantineService;
  readonly rateBudgets: RateBudgetService;
  readonly resources: ResourceService;
  readonly schedules: ScheduleService;
  readonly sessions: SessionService;
  readonly signingKeys: SigningKeyService;
  readonly syncs: SyncService;
  readonly webhooks: WebhookService;
  /** Whom to believe the address and the scheme of a request: Express' `trust proxy`. */
  readonly trustProxy: number | readonly string[];
  /** Aborts if the process is to stop. */
  readonly stopping: AbortSignal;
  readonly health: ReturnType<typeof createHealth>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Where the built console is. */
  readonly consoleDir: string;
  /** What Prometheus shows instead of an operator's key. */
  readonly metricsToken: string | undefined;
}
