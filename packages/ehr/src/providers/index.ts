export { athenahealthRateLimit, type ProviderSettings } from './athenahealth.ts';

export { connectionBudgets, rateLimitOf } from './connection-budgets.ts';
export { egressFault, egressRules } from './egress-rules.ts';
export {
  type AssertionAlgorithm,
  areCurrent,
  assertionAlgorithms,
  type Capabilities,
  type ConnectionAuth,
  capabilitiesSchema,
  connectionAuthSchema,
  type EhrConnection,
  type SigningKey,
  secretWays,
} from './ehr-connection.ts';
export { ehrBaseUrls, ehrOrigins, endpointFault, isAllowedEndpoint, matchesEndpointHosts } from './ehr-origins.ts';
export { providerError } from './errors.ts';
export { exportNote } from './export-note.ts';
export { type FactName, type Facts, type FactValue, factNames, factSchemas, titleOf } from './facts/facts.ts';
export { compareFacts, type FactsFile, factsFileSchema, readFactsFile } from './facts/facts-file.ts';
export { originSchema } from './host-pattern.ts';
export { hasParameter, type ParametersOf, versionsOf } from './kick-off-parameters.ts';
export {
  type AuthorizationEndpoints,
  endpointsOf,
  type Provider,
  practiceGroups,
  type ScheduleKind,
  scheduleKinds,
  withoutTrailingSlashes,
} from './provider.ts';
export {
  type CurrentRegistry,
  checkProvider,
  createProviderRegistry,
  type ProviderRegistry,
} from './provider-registry.ts';
export { exportScopeOf, recordTypes, requestedScope } from './requested-scope.ts';
export { generateSigningKey, importSigningKey, publicJwkOf } from './signing-key.ts';
export { type Vendor, vendors } from './vendors/index.ts';
