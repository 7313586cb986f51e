export type { AuthorizationRequest } from './authorization-request.record.ts';
export { type ConnectionStore, connectionFeature } from './connection.feature.ts';
export type {
  Connection,
  ConnectionTest,
  ConnectionTestStep,
  ConnectionWithoutSecrets,
} from './connection.record.ts';
export type { ListedConnection } from './connection.repository.ts';
export { ConnectionReader, type ConnectionReference } from './connection-reader.ts';
export { connectionError, otherIdMessage } from './errors.ts';
export { followProviders } from './providers/follow-providers.ts';
