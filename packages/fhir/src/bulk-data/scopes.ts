import { isResourceType, whyNotResourceType } from '../resources/resource.ts';

/** Scopes that need a user (SMART App Launch 2.2, "Scopes for requesting context data" and following). */
const userWords: ReadonlySet<string> = new Set([
  'launch',
  'launch/patient',
  'openid',
  'fhirUser',
  'profile',
  'offline_access',
  'online_access',
]);

interface RequestedScope {
  readonly scope: string;
  /** Whether a user takes part (authorization code), who can be asked for a launch context. */
  readonly withUser: boolean;
}

/** Says why no server can grant a `scope`, or returns undefined if one may. */
export function scopeFault({ scope, withUser }: RequestedScope): string | undefined {
  return ofEach(scope, (name) => {
    if (name === '') return 'separate scopes by one space';
    if (!withUser && userWords.has(name)) return `"${name}" needs a user, as with the grant type authorization_code`;
    return misspeltType(name);
  });
}

/** A server refuses the whole token for a scope of the form of SMART whose type FHIR does not have. */
function misspeltType(scope: string): string | undefined {
  const form = /^(?:patient|user|system)\/([A-Z][A-Za-z]*)\.(?:read|write|\*|c?r?u?d?s?)(?:\?.+)?$/;
  const [, type] = form.exec(scope) ?? [];
  return type === undefined || isResourceType(type) ? undefined : typeFault(scope, type);
}

function typeFault(scope: string, type: string): string {
  return `"${scope}": ${whyNotResourceType(type)}`;
}

/**
 * Says what in a `scope` is not of the form of SMART 1 or 2, or returns undefined if all is. Servers have scopes of their own: OpenEMR's
 * `system/Patient.$export`, `api://.../.default` of Entra, the names of Cognito. So it is a warning at most. A URI (`https://.../.default`) is known
 * to be one.
 */
export function scopeDoubt({ scope, withUser }: RequestedScope): string | undefined {
  return ofEach(scope, (name) => doubtOf(name, withUser));
}

/** Says why a `scope` for a client without a user is not one of SMART 1 or 2, or returns undefined if it is. */
export function systemScopeFault(scope: string): string | undefined {
  return scopeFault({ scope, withUser: false }) ?? scopeDoubt({ scope, withUser: false });
}

function ofEach(scope: string, say: (name: string) => string | undefined): string | undefined {
  const said = scope.split(' ').flatMap((name) => say(name) ?? []);
  return said.length === 0 ? undefined : said.join('; ');
}

function doubtOf(scope: string, withUser: boolean): string | undefined {
  if (scope === '' || userWords.has(scope) || /^https?:\/\//.test(scope)) return undefined;
  const [, context, type = '', access = ''] = /^([^/]*)\/([^.]*)\.([^?]*)(?:\?.+)?$/.exec(scope) ?? [];
  if (context === undefined) return `"${scope}" is not a SMART scope such as system/Patient.read or system/Patient.rs`;
  if (!['patient', 'user', 'system'].includes(context)) return `"${scope}" must start with patient/, user/ or system/`;
  if (!withUser && context !== 'system') return `"${scope}" needs a user. A scope without a user starts with system/`;
  if (type !== '*' && !isResourceType(type)) return typeFault(scope, type);
  return accessFault({ scope, access });
}

function accessFault({ scope, access }: { readonly scope: string; readonly access: string }): string | undefined {
  const isFirstVersion = ['read', 'write', '*'].includes(access);
  if (isFirstVersion) {
    return scope.includes('?')
      ? `"${scope}": only scopes of version 2 can have parameters, such as .rs?category=...`
      : undefined;
  }
  if (access !== '' && /^c?r?u?d?s?$/.test(access)) return undefined;
  if (/^[cruds]+$/.test(access)) return `"${scope}": each letter can be used once, in the order cruds`;
  return `"${scope}" must end with read, write or * (version 1), or with letters of cruds (version 2)`;
}

/**
 * Whether SMART scopes allow a client to search and export a resource type (SMART App Launch 2.2, "Scopes for requesting FHIR
 * Resources"). Examples are `system/Patient.read` (version 1) and `system/Patient.rs` (version 2). `r` alone only allows reading
 * single resources.
 */
export function scopeCovers({ scope, resourceType }: { readonly scope: string; readonly resourceType: string }) {
  return scope.split(/\s+/).some((name) => {
    const [, type, access = ''] = /^(?:system|user|patient)\/([A-Za-z]+|\*)\.([a-z*]+)/.exec(name) ?? [];
    const reads = access === 'read' || access === '*' || /^c?ru?d?s$/.test(access);
    return reads && (type === '*' || type === resourceType);
  });
}

/** The types that scopes name. */
export function scopeTypes(scope: string): string[] {
  const types = [...scope.matchAll(/(?<=^|\s)(?:system|user|patient)\/([A-Za-z]+)\./g)].map(([, type = '']) => type);
  return [...new Set(types)].filter(isResourceType);
}

/**
 * Whether the granted scopes are known and leave a type out. A server can also grant a scope of its own form, which says nothing about types.
 */
export function isUncovered({
  scope,
  resourceType,
}: {
  readonly scope: string | undefined;
  readonly resourceType: string;
}) {
  return scope !== undefined && scopeVersionsOf(scope).length > 0 && !scopeCovers({ scope, resourceType });
}

/** SMART 1 writes `system/Patient.read`, SMART 2 `system/Patient.rs`. An application is registered for one of them, or for both. */
export const scopeVersions = ['v1', 'v2'] as const;
export type ScopeVersion = (typeof scopeVersions)[number];

/** The scopes that read and export these types, without a user. */
export function systemScopes({
  version,
  types,
}: {
  readonly version: ScopeVersion;
  readonly types: readonly string[];
}) {
  const access = version === 'v1' ? 'read' : 'rs';
  return types.map((type) => `system/${type}.${access}`).join(' ');
}

/** The versions of the scopes for resources in `scope`. A scope of another form has none. */
export function scopeVersionsOf(scope: string): ScopeVersion[] {
  const versions = scope.split(/\s+/).flatMap((name): ScopeVersion[] => {
    const access = /^(?:system|user|patient)\/(?:[A-Za-z]+|\*)\.([a-z*]+)/.exec(name)?.[1];
    if (access === undefined) return [];
    return [access === 'read' || access === 'write' || access === '*' ? 'v1' : 'v2'];
  });
  return scopeVersions.filter((version) => versions.includes(version));
}
