export { apiKeyBodySchema } from './api-key.schema.ts';
export { type ApiKeyService, createApiKeyService, toApiKeyView } from './api-key.service.ts';
export { auditCheckQuerySchema, auditQuerySchema } from './audit.schema.ts';
export { type AuditService, createAuditService, toAuditCheckView, toAuditView } from './audit.service.ts';
export { createSessionService, type SessionService } from './session.service.ts';
