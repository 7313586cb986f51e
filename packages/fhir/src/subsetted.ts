import type { Resource } from './resource.ts';

/** Whether a resource is incomplete (an `_elements` or `_summary` result): https://hl7.org/fhir/R4/valueset-common-tags.html. */
export function isSubsetted({ meta }: Resource): boolean {
  return Array.isArray(meta?.tag) && meta.tag.some((tag) => tag?.code === 'SUBSETTED');
}
