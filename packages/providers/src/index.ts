export { athenahealthRateLimit, type ProviderSettings } from './athenahealth.ts';
export type { AuthorizationEndpoints } from './authorization-endpoints.ts';
export {
  type AssertionAlgorithm,
  areCurrent,
  assertionAlgorithms,
  type Capabilities,
  type Connection,
  type ConnectionAuth,
  type ConnectionTest,
  type ConnectionTestStep,
  type SigningKey,
  secretWays,
} from './connection.ts';
export { connectionBudgets } from './connection-budgets.ts';
export { endpointsOf, type Provider } from './provider.ts';
export { createProviderRegistry, type ProviderRegistry } from './provider-registry.ts';
export { type ScheduleKind, scheduleKinds } from './schedule-kinds.ts';
export { withoutTrailingSlashes } from './without-trailing-slashes.ts';
