export { ApiKeyService, apiKeyBodySchema, apiKeyViewSchema, toApiKeyView } from './api-key.service.ts';
export {
  BackendClientService,
  backendClientBodySchema,
  backendClientViewSchema,
  toBackendClientView,
} from './backend-client.service.ts';
export { SessionService, sessionViewSchema } from './session.service.ts';
