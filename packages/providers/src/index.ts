export { athenahealthRateLimit, type ProviderSettings } from './athenahealth.ts';
export {
  type AssertionAlgorithm,
  areCurrent,
  assertionAlgorithms,
  type Capabilities,
  type Connection,
  type ConnectionAuth,
  type ConnectionTest,
  type ConnectionTestStep,
  type ConnectionWithoutSecrets,
  connectionSchema,
  connectionTestSchema,
  type SigningKey,
  secretWays,
} from './connection.record.ts';
export { connectionBudgets } from './connection-budgets.ts';
export { providerError } from './errors.ts';
export { isImported, whyNotExported } from './importable-types.ts';
export {
  type AuthorizationEndpoints,
  endpointsOf,
  type Provider,
  type ScheduleKind,
  scheduleKinds,
  withoutTrailingSlashes,
} from './provider.ts';
export { createProviderRegistry, type ProviderRegistry } from './provider-registry.ts';
