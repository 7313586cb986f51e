import { createProviderRegistry, type Provider, type ProviderSettings } from '@bulkhead/providers';

/** athenahealth without its limit of requests, at an endpoint of a test's own. The limiter has tests and benches of its own. */
export function unlimitedAthenahealth(
  fhirEndpoint: string,
  settings: ProviderSettings = {},
): Omit<Provider, 'rateLimit'> {
  const registry = createProviderRegistry({ ...settings, ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint });
  const { rateLimit: _, ...provider } = registry.get('athenahealth');
  return provider;
}
