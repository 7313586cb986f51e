import { isOfRecord, systemScopes } from '@bulkhead/fhir';
import type { Capabilities, ConnectionAuth } from './ehr-connection.ts';
import type { Provider } from './provider.ts';

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
  readonly exportScope?: string;
}): string {
  const { auth, capabilities, exportScope } = options;
  if (!('scope' in auth)) return '';
  if (exportScope !== undefined) return exportScope;
  const types = auth.scopesOfDeclared === undefined ? [] : recordTypes(capabilities);
  if (auth.scopesOfDeclared === undefined || types.length === 0) return auth.scope;
  return systemScopes({ version: auth.scopesOfDeclared, types });
}

/**
 * The scopes of the tokens of an export, from its types. Undefined if the provider does not want this, if the connection acts for a user, or if
 * the types are not known: then they are those of the connection.
 */
export function exportScopeOf(options: {
  readonly provider: Pick<Provider, 'exportScopes'>;
  readonly connection: {
    readonly auth: { readonly method: ConnectionAuth['method'] };
    readonly capabilities?: Capabilities;
  };
  /** Empty: every type. */
  readonly resourceTypes: readonly string[];
}): string | undefined {
  const { provider, connection, resourceTypes } = options;
  const { auth, capabilities } = connection;
  const actsAlone = auth.method === 'client_credentials' || auth.method === 'private_key_jwt';
  const types = resourceTypes.length > 0 ? resourceTypes : recordTypes(capabilities);
  if (!provider.exportScopes || !actsAlone || types.length === 0) return undefined;
  const { version, extras } = provider.exportScopes;
  return [systemScopes({ version, types }), ...(extras === undefined ? [] : [extras])].join(' ');
}
