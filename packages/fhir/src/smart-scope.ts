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
