export { athenahealthRateLimit, type ProviderSettings } from './athenahealth.ts';
export { connectionBudgets } from './connection-budgets.ts';
export { endpointsOf, type Provider } from './provider.ts';
export { createProviderRegistry, type ProviderRegistry } from './provider-registry.ts';
