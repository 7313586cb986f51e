import { isResourceType } from '../resources/resource.ts';

/** Scopes that a user is asked for (SMART App Launch 2.2, "Scopes for requesting context data" and following). */
const userWords: ReadonlySet<string> = new Set([
  'launch',
  'launch/patient',
  'openid',
  'fhirUser',
  'profile',
  'offline_access',
  'online_access',
]);

/**
 * What is wrong with a `scope` of SMART, version 1 or 2; undefined if nothing is. A URI (`https://.../.default`) is the
 * server's own kind of scope and is left to it.
 * @param options.withUser whether a user takes part (authorization code), who can be asked for a launch context.
 */
export function scopeFault({ scope, withUser }: { readonly scope: string; readonly withUser: boolean }) {
  const scopes = scope.split(' ');
  const faults = scopes.flatMap((one) => faultOf(one, withUser) ?? []);
  return faults.length === 0 ? undefined : faults.join('; ');
}

function faultOf(scope: string, withUser: boolean): string | undefined {
  if (scope === '') return 'separate scopes by one space';
  if (/^https?:\/\//.test(scope)) return undefined;
  if (userWords.has(scope)) return withUser ? undefined : `"${scope}" needs a user: it is for authorization_code`;
  const [, context, type = '', access = ''] = /^([^/]*)\/([^.]*)\.([^?]*)(?:\?.+)?$/.exec(scope) ?? [];
  if (context === undefined) return `"${scope}" is no scope of SMART, such as system/Patient.read or system/Patient.rs`;
  if (!['patient', 'user', 'system'].includes(context))
    return `"${scope}" starts with none of patient/, user/, system/`;
  if (!withUser && context !== 'system') return `"${scope}" needs a user: without one scopes start with system/`;
  if (type !== '*' && !isResourceType(type)) return `"${scope}": ${type || '(nothing)'} is no resource type of R4`;
  return accessFault({ scope, access });
}

function accessFault({ scope, access }: { readonly scope: string; readonly access: string }): string | undefined {
  const isFirstVersion = ['read', 'write', '*'].includes(access);
  if (isFirstVersion) {
    return scope.includes('?') ? `"${scope}": parameters are for version 2, such as .rs?category=...` : undefined;
  }
  if (access !== '' && /^c?r?u?d?s?$/.test(access)) return undefined;
  if (/^[cruds]+$/.test(access)) return `"${scope}": the letters stand once and in the order cruds`;
  return `"${scope}" ends with neither read, write, * (version 1) nor letters of cruds (version 2)`;
}

/**
 * Whether SMART scopes let a client search and export a resource type (SMART App Launch 2.2, "Scopes for requesting FHIR
 * Resources"; version 1 `system/Patient.read`, version 2 `system/Patient.rs`: `r` alone reads single resources only).
 */
export function scopeCovers({ scope, resourceType }: { readonly scope: string; readonly resourceType: string }) {
  return scope.split(/\s+/).some((one) => {
    const [, type, access = ''] = /^(?:system|user|patient)\/([A-Za-z]+|\*)\.([a-z*]+)/.exec(one) ?? [];
    const reads = access === 'read' || access === '*' || /^c?ru?d?s$/.test(access);
    return reads && (type === '*' || type === resourceType);
  });
}
