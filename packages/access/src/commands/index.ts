export { type ApiKeyService, apiKeyBodySchema, createApiKeyService, toApiKeyView } from './api-key.service.ts';
export {
  type AuditService,
  auditCheckQuerySchema,
  auditQuerySchema,
  createAuditService,
  toAuditCheckView,
  toAuditView,
} from './audit.service.ts';
export { createSessionService, type SessionService } from './session.service.ts';
