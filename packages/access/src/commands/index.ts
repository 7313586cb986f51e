export { type ApiKeyService, apiKeyBodySchema, createApiKeyService } from './api-key.service.ts';
export { apiKeyViewSchema, toApiKeyView } from './api-key-view.ts';
export { BackendClientService, backendClientBodySchema } from './backend-client.service.ts';
export { backendClientViewSchema, toBackendClientView } from './backend-client-view.ts';
export { createSessionService, type SessionService, sessionViewSchema } from './session.service.ts';
