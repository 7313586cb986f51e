// The API shows what providers there are; it never talks to one, so it gets the registry here.
export { apiKeyBodySchema } from './api-key.schema.ts';
export { type ApiKeyService, createApiKeyService, toApiKeyView } from './api-key.service.ts';
export { auditCheckQuerySchema, auditQuerySchema } from './audit/audit.schema.ts';
export { type AuditService, toAuditCheckView, toAuditView } from './audit/audit.service.ts';
export { createAuditStream } from './audit/audit-stream.ts';
export {
  authorizeBodySchema,
  authorizeQuerySchema,
  callbackQuerySchema,
  launchQuerySchema,
} from './authorization.schema.ts';
export type {
  AuthorizationPlace,
  BrowserBinding,
  Departure,
} from './authorization.service.ts';
export { bulkExportQuerySchema, bulkExportRequestSchema, exportStatusQuerySchema } from './bulk-export.schema.ts';
export { cancelExport } from './cancel-export.ts';
export { cancelSync } from './cancel-sync.ts';
export { connectionAuthSchema, connectionBodySchema } from './connection.schema.ts';
export { toCapabilitiesView, toConnectionView, toTestView } from './connection-view.ts';
export { coveredBefore } from './covered-before.ts';
export { createServices, type Services } from './create-services.ts';
export { documentQuerySchema } from './document.schema.ts';
export type { OpenedDocument } from './document.service.ts';
export { toDocumentView } from './document-view.ts';
export { deleteConnectionQuerySchema, erasePatientQuerySchema, erasureListQuerySchema } from './erasure.schema.ts';
export { type RequestedErasure, toErasureView } from './erasure.service.ts';
export { toFileView, toStartedView, toStatusView, type ViewFor } from './export-view.ts';
export { createHttpService, type HttpServiceOptions } from './guide/create-http-service.ts';
export type {
  EnhancedService,
  ExportJob,
  ExportOptions,
  FhirClient,
  ProcessedExport,
  SearchParameterValues,
  ServiceConnection,
  SyncOptions,
  SyncResult,
} from './guide/enhanced-service.ts';
export { getAthenaHealthEnhancedService } from './guide/get-enhanced-service.ts';
export { type Fault, invalidRequest } from './invalid-request.ts';
export type { MonitoringService } from './monitoring.service.ts';
export { newId } from './new-id.ts';
export { toProviderView } from './provider-view.ts';
export { quarantineQuerySchema, replayBodySchema } from './quarantine.schema.ts';
export { toQuarantineView } from './quarantine.service.ts';
export { toQueueView } from './queue-view.ts';
export { toRateBudgetView } from './rate-budget-view.ts';
export { removeSchedule } from './remove-schedule.ts';
export type { ResourceService } from './resource.service.ts';
export { scheduleBodySchema, scheduleChangeSchema } from './schedule.schema.ts';
export { toScheduleDetail, toScheduleView } from './schedule-view.ts';
export type { SessionService } from './session.service.ts';
export { signingKeyBodySchema } from './signing-key.schema.ts';
export { toSourceView } from './source-view.ts';
export { startScheduledRun } from './start-scheduled-run.ts';
export { syncBodySchema } from './sync.schema.ts';
export type { SyncRunState } from './sync.service.ts';
export { toSyncedView, toSyncRunDetail, toSyncRunView } from './sync-view.ts';
export { toWatermarkView } from './watermark-view.ts';
export { deliveriesQuerySchema, webhookBodySchema } from './webhook.schema.ts';
export { toDeliveryView } from './webhook.service.ts';
