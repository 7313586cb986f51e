export { auditEventViewSchema, toAuditView } from '../audit/audit-event.record.ts';
export { auditCsvHeader, toAuditCsvLine } from '../audit/audit-event-csv.ts';
export { type ApiKeyService, apiKeyBodySchema, createApiKeyService } from './api-key.service.ts';
export { apiKeyViewSchema, toApiKeyView } from './api-key-view.ts';
export {
  type AuditService,
  auditCheckQuerySchema,
  auditDownloadQuerySchema,
  auditQuerySchema,
  createAuditService,
  toAuditCheckView,
} from './audit.service.ts';
export { createIdempotencyService, type IdempotencyService } from './idempotency.service.ts';
export { createSessionService, type SessionService } from './session.service.ts';
