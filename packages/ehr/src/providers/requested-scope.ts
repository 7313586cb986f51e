import { isOfRecord, systemScopes } from '@bulkhead/fhir';
import type { Capabilities, ConnectionAuth } from './ehr-connection.ts';

/** The declared types that can be parts of patients' records. Empty if the server declares none, or has no CapabilityStatement. */
export function recordTypes(capabilities: Pick<Capabilities, 'resourceTypes'> | undefined): string[] {
  return [...new Set(capabilities?.resourceTypes.filter(isOfRecord))];
}

/** The types without the members that hold secrets, so that a view can call it. */
type ScopedAuth =
  | { readonly method: 'none' }
  | (Pick<Exclude<ConnectionAuth, { method: 'none' }>, 'scope'> &
      Pick<Extract<ConnectionAuth, { method: 'client_credentials' }>, 'scopesOfDeclared'>);

/**
 * The scopes that a connection requests: one for each type that the EHR declares, if its credentials say so. What the EHR declares is known
 * after the first request, and until then the scopes are those of the provider.
 */
export function requestedScope(options: {
  readonly auth: ScopedAuth;
  readonly capabilities?: Pick<Capabilities, 'resourceTypes'> | undefined;
}): string {
  const { auth, capabilities } = options;
  if (!('scope' in auth)) return '';
  const types = auth.scopesOfDeclared === undefined ? [] : recordTypes(capabilities);
  if (auth.scopesOfDeclared === undefined || types.length === 0) return auth.scope;
  return systemScopes({ version: auth.scopesOfDeclared, types });
}
