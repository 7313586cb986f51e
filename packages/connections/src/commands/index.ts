export {
  authorizeBodySchema,
  authorizeQuerySchema,
  callbackQuerySchema,
  launchQuerySchema,
} from './authorization/authorization.schema.ts';
export {
  type AuthorizationPlace,
  type AuthorizationService,
  type BrowserBinding,
  createAuthorizationService,
  type Departure,
} from './authorization/authorization.service.ts';
export { connectionAuthSchema, connectionBodySchema } from './connection.schema.ts';
export { type ConnectionSchedules, type ConnectionService, createConnectionService } from './connection.service.ts';
export { toCapabilitiesView, toConnectionView, toTestView } from './connection-view.ts';
export { toProviderView } from './provider-view.ts';
export { signingKeyBodySchema } from './signing-key.schema.ts';
export { createSigningKeyService, type SigningKeyService } from './signing-key.service.ts';
