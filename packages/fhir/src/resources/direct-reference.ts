import { isResourceId, isResourceType } from './resource.ts';

/** A reference to a resource of the same server. */
export interface DirectReference {
  readonly type: string;
  readonly id: string;
}

/**
 * Reads `Type/id`, `https://server/Type/id` and `Type/id/_history/1`. `fhirEndpoint` is the base URL of the server of the resource.
 * @returns undefined for any other reference, such as a contained or a logical one, and one to another server
 */
export function readDirectReference(reference: unknown, fhirEndpoint: string): DirectReference | undefined {
  if (typeof reference !== 'string') return undefined;
  const relative = reference.startsWith(`${fhirEndpoint}/`) ? reference.slice(fhirEndpoint.length + 1) : reference;
  const [, type = '', id = ''] = /^([A-Z][A-Za-z]*)\/([^/]+)(?:\/_history\/[^/]+)?$/.exec(relative) ?? [];
  return isResourceType(type) && isResourceId(id) ? { type, id } : undefined;
}
