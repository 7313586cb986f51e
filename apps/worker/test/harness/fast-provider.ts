import { fastRateLimit } from '@bulkhead/connections/testing';
import type { ProviderSettings } from '@bulkhead/ehr/providers';
import { unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';

/** @returns the variable that gives athenahealth the fast limit and no wait at the start */
export function fastProvider(fhirEndpoint: string, settings: ProviderSettings = {}): Record<string, string> {
  const { environments, ...athenahealth } = unlimitedAthenahealth(fhirEndpoint, settings);
  // It changes the built-in entry, and null removes a fact of it.
  const production = { ...environments.production, maxActiveExports: null };
  const changed = { ...athenahealth, environments: { ...environments, production }, rateLimit: fastRateLimit };
  return { BULKHEAD_PROVIDERS: JSON.stringify([changed]) };
}
