export { ApiKeyService, apiKeyBodySchema } from './api-key.service.ts';
export { apiKeyViewSchema, toApiKeyView } from './api-key-view.ts';
export { BackendClientService, backendClientBodySchema } from './backend-client.service.ts';
export { backendClientViewSchema, toBackendClientView } from './backend-client-view.ts';
export { SessionService, sessionViewSchema } from './session.service.ts';
