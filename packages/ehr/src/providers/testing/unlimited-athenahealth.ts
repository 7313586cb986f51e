import { createProviderRegistry, type ProviderSettings } from '../index.ts';

/** The credentials of the client that the simulator knows. */
export const simulatorAuth = {
  method: 'client_credentials',
  clientId: 'simulator-client',
  clientSecret: 'simulator-secret',
} as const;

/** athenahealth without its rate limit and its limit of exports, at the given endpoint. The limits have their own tests. */
export function unlimitedAthenahealth(fhirEndpoint: string, settings: ProviderSettings = {}) {
  const registry = createProviderRegistry({ ...settings, ATHENAHEALTH_FHIR_ENDPOINT: fhirEndpoint });
  const { rateLimit: _, environments, ...provider } = registry.get('athenahealth');
  const { maxActiveExports: __, ...production } = environments.production ?? { fhirEndpoint };
  return { ...provider, environments: { ...environments, production } };
}
