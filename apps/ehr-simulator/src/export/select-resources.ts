import { patientsOf, type Resource } from '@bulkhead/fhir';
import { elementSelector } from '@bulkhead/fhir/bulk-server';
import { parseExact } from '../practice/exact-json.ts';
import type { StoredResource } from '../practice/practice-source.ts';

/** What the Group and the parameters `patient` and `_elements` leave of an export. Empty lists of parameters leave everything. */
export interface Selection {
  /** Ids. Resources of other patients are left out, and those that belong to no patient stay. */
  readonly patients: readonly string[];
  /** The members of the Group. Undefined if all patients are. */
  readonly members?: readonly string[] | undefined;
  /** `element` or `Type.element`. */
  readonly elements: readonly string[];
}

export function selectResources(
  resources: readonly StoredResource[],
  { patients, members, elements }: Selection,
): readonly StoredResource[] {
  const lists = [...(patients.length > 0 ? [patients] : []), ...(members ? [members] : [])];
  if (lists.length === 0 && elements.length === 0) return resources;
  const select = elementSelector(elements);
  return resources.flatMap((resource) => {
    const content = parseExact(resource.text) as Resource;
    if (!lists.every((list) => belongsTo(content, list))) return [];
    return [elements.length === 0 ? resource : { ...resource, text: JSON.stringify(select(content)) }];
  });
}

function belongsTo(content: Resource, patients: readonly string[]): boolean {
  const owners = patientsOf(content);
  return owners.length === 0 || owners.some((id) => patients.includes(id));
}
