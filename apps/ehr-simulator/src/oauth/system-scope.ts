import { scopeVersionsOf } from '@bulkhead/fhir';
import { OAuthError, readableScopes } from '@bulkhead/fhir/bulk-server';
import type { SimulatorOptions } from '../options/options.ts';

/**
 * The scopes that a client gets without a user (SMART App Launch 2.2, "Backend Services"): those that are valid, without rights to write,
 * because this server only reads.
 * @throws OAuthError `invalid_scope` if nothing is left, `access_denied` if the application is registered for other scopes
 */
export function systemScope(requested = '', registration: Partial<Registration> = {}): string {
  const { registeredTypes } = registration;
  const readable = readableScopes(requested);
  const granted = registeredTypes ? readable.filter((scope) => registeredTypes.includes(typeOf(scope))) : readable;
  checkPolicy(readable, registration);
  if (readable.length > 0 && granted.length === 0) throw policyFailed();
  if (granted.length > 0) return granted.join(' ');
  throw new OAuthError({
    code: 'invalid_scope',
    text: 'One or more scopes for reading, such as system/*.read, are required.',
  });
}

interface Registration extends Pick<SimulatorOptions, 'scopeVersion' | 'wildcardScopes'> {
  readonly registeredTypes: readonly string[] | undefined;
}

function typeOf(scope: string): string {
  return /^system\/([^.]+)\./.exec(scope)?.[1] ?? '';
}

/** athenahealth's answer if the scopes are not those of the registration, as clients of other authors report it. */
function checkPolicy(scopes: readonly string[], { scopeVersion, wildcardScopes = true }: Partial<Registration>): void {
  const isOfOther = scopes.some((scope) => scopeVersion && scopeVersionsOf(scope).some((one) => one !== scopeVersion));
  const hasWildcard = scopes.some((scope) => scope.startsWith('system/*'));
  if (!isOfOther && (wildcardScopes || !hasWildcard)) return;
  throw policyFailed();
}

function policyFailed(): OAuthError {
  return new OAuthError({
    code: 'access_denied',
    text: 'Policy evaluation failed for this request, please check the policy configurations.',
  });
}
