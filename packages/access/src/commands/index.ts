export { type ApiKeyService, apiKeyBodySchema, createApiKeyService } from './api-key.service.ts';
export { apiKeyViewSchema, toApiKeyView } from './api-key-view.ts';
export { createSessionService, type SessionService } from './session.service.ts';
