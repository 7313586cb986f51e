import { createProviderRegistry, type Provider } from '@bulkhead/ehr-client';

/** athenahealth without its limit of requests, at an endpoint of a test's own. The limiter has tests and benches of its own. */
export function unlimitedAthenahealth(fhirEndpoint: string): Omit<Provider, 'rateLimit'> {
  const { rateLimit: _, ...provider } = createProviderRegistry({ ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint }).get(
    'athenahealth',
  );
  return provider;
}
