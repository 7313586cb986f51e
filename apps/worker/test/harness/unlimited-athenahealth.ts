import { createProviderRegistry, type ProviderSettings } from '@bulkhead/providers';

/** The credentials of the client that the simulator knows. */
export const simulatorAuth = {
  method: 'client_credentials',
  clientId: 'simulator-client',
  clientSecret: 'simulator-secret',
} as const;

/** athenahealth without its rate limit, at the given endpoint. The limiter has its own tests and benchmarks. */
export function unlimitedAthenahealth(fhirEndpoint: string, settings: ProviderSettings = {}) {
  const registry = createProviderRegistry({ ...settings, ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint });
  const { rateLimit: _, ...provider } = registry.get('athenahealth');
  return provider;
}
