import { scopeVersionsOf } from '@bulkhead/fhir';
import { OAuthError, readableScopes } from '@bulkhead/fhir/bulk-server';
import type { SimulatorOptions } from '../options/options.ts';

/**
 * The scopes that a client gets without a user (SMART App Launch 2.2, "Backend Services"): those that it requests, without rights to write,
 * because this server only reads. As Okta does, which athenahealth uses, it grants all of them or none, unless `grantsPart` is set.
 * @throws OAuthError `invalid_scope` for a scope that does not exist, `access_denied` for one that the application does not have
 */
export function systemScope(requested = '', registration: Partial<Registration> = {}): string {
  const { registeredTypes, grantsPart = false } = registration;
  const words = requested.split(' ').filter(Boolean);
  const readable = readableScopes(requested);
  const isUnknown = !grantsPart && words.some((word) => readableScopes(word).length === 0);
  if (readable.length === 0 || isUnknown)
    throw new OAuthError({
      code: 'invalid_scope',
      text: 'One or more scopes for reading, such as system/*.read, are required, and no others.',
    });
  checkPolicy(readable, registration);
  const granted = registeredTypes ? readable.filter((scope) => registeredTypes.includes(typeOf(scope))) : readable;
  if (granted.length === 0 || (!grantsPart && granted.length < readable.length)) throw policyFailed();
  return granted.join(' ');
}

interface Registration extends Pick<SimulatorOptions, 'scopeVersion' | 'wildcardScopes' | 'grantsPart'> {
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
