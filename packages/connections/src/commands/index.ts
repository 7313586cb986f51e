export {
  authorizeBodySchema,
  authorizeQuerySchema,
  callbackQuerySchema,
  launchQuerySchema,
} from './authorization.schema.ts';
export {
  type AuthorizationPlace,
  type AuthorizationRedirect,
  AuthorizationService,
  type BrowserBinding,
} from './authorization.service.ts';
export {
  connectionAuthSchema,
  connectionBodySchema,
  connectionDraftSchema,
  connectionNameSchema,
  connectionOriginsSchema,
} from './connection.schema.ts';
export { type ConnectionSchedules, ConnectionService } from './connection.service.ts';
export {
  connectionTestViewSchema,
  connectionViewSchema,
  toCapabilitiesView,
  toConnectionView,
  toProviderView,
  toTestView,
} from './connection-view.ts';
export type { ConnectionPlan } from './plan-connection.ts';
export { factsFileSchema, ProbeService, probeBodySchema, probeStateSchema } from './probe.service.ts';
export {
  SigningKeyService,
  signingKeyBodySchema,
  signingKeyViewSchema,
} from './signing-key.service.ts';
