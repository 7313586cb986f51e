import { AppError } from '@bulkhead/domain';
import type { Producer } from '@bulkhead/queues';
import type { createHealth, Logger } from '@bulkhead/runtime';
import type {
  ApiKeyService,
  BulkExportService,
  ConnectionService,
  DocumentService,
  ProviderRegistry,
  QuarantineService,
  ResourceService,
  ScheduleService,
  SyncService,
  WebhookService,
} from '@bulkhead/service';
import type { Store } from '@bulkhead/store';
import express, { type Express } from 'express';
import { answerError } from './middleware/answer-error.ts';
import { authenticate, authenticateOperator } from './middleware/authenticate.ts';
import { checkMethod } from './middleware/check-method.ts';
import { logRequests } from './middleware/log-requests.ts';
import { parseJson } from './middleware/parse-json.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { apiKeyRoutes } from './routes/api-key.routes.ts';
import { bulkExportRoutes } from './routes/bulk-export.routes.ts';
import { bullBoardPath, bullBoardRoute } from './routes/bull-board.route.ts';
import { capabilitiesRoute } from './routes/capabilities.route.ts';
import { connectionRoutes } from './routes/connection.routes.ts';
import { docsRoutes } from './routes/docs.routes.ts';
import { documentRoutes } from './routes/document.routes.ts';
import { healthRoutes } from './routes/health.routes.ts';
import { quarantineRoutes } from './routes/quarantine.routes.ts';
import { resourceRoutes } from './routes/resource.routes.ts';
import { scheduleRoutes } from './routes/schedule.routes.ts';
import { syncRoutes } from './routes/sync.routes.ts';
import { webhookRoutes } from './routes/webhook.routes.ts';

export interface HttpAppDeps {
  readonly store: Store;
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly apiKeys: ApiKeyService;
  readonly bulkExports: BulkExportService;
  readonly connections: ConnectionService;
  readonly documents: DocumentService;
  readonly quarantine: QuarantineService;
  readonly resources: ResourceService;
  readonly schedules: ScheduleService;
  readonly syncs: SyncService;
  readonly webhooks: WebhookService;
  readonly health: ReturnType<typeof createHealth>;
  readonly logger: Logger;
}

/** The API's routes in their order: health, Bull Board, then everything that needs an API key. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(logRequests(deps.logger));
  app.use(securityHeaders());
  app.use(checkMethod());
  app.use(healthRoutes(deps), docsRoutes());
  app.use(bullBoardPath, authenticateOperator(deps), bullBoardRoute(deps));

  const api = express.Router();
  api.use(authenticate(deps));
  api.use(quarantineRoutes(deps), resourceRoutes(deps), documentRoutes(deps));
  api.use(parseJson());
  api.use(connectionRoutes(deps), bulkExportRoutes(deps), capabilitiesRoute(deps), syncRoutes(deps));
  api.use(scheduleRoutes(deps), webhookRoutes(deps), apiKeyRoutes(deps));
  app.use('/api/ehr', api);

  app.use(() => {
    throw new AppError({
      code: 'unknown-route',
      message: 'There is no such address. The README lists the endpoints.',
      retry: 'never',
    });
  });
  app.use(answerError(deps.logger));
  return app;
}
