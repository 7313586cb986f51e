import { type DirectReference, readReference } from './reference.ts';
import type { Resource } from './resource.ts';

/**
 * The types that an export can leave out although the resources that it contains refer to them. All but Observation are outside of the
 * records of patients.
 */
const referredTypes: readonly string[] = [
  'Location',
  'Medication',
  'Observation',
  'Organization',
  'Practitioner',
  'PractitionerRole',
];

/** The elements that refer to results. An Observation to which another element refers is a part of the record, and not of a report. */
const resultElements: Readonly<Record<string, string>> = { DiagnosticReport: 'result', Observation: 'hasMember' };

/**
 * The resources of these types to which a resource refers, each once. Contained resources count as a part of it.
 * @param baseUrls those of the server of the resource (`baseUrlsOf`)
 */
export function referredTargets(resource: Resource, baseUrls: readonly string[]): DirectReference[] {
  const targets = new Map<string, DirectReference>();
  const resultElement = resultElements[resource.resourceType];
  for (const [name, value] of Object.entries(resource))
    collect(value, (reference) => {
      const target = readReference(reference, baseUrls);
      if (!target || !referredTypes.includes(target.type)) return;
      if (target.type === 'Observation' && name !== resultElement) return;
      targets.set(`${target.type}/${target.id}`, target);
    });
  return [...targets.values()];
}

/** Resources have at most 100 levels, because deeper ones are never stored. */
function collect(value: unknown, onReference: (reference: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'reference') onReference(member);
    collect(member, onReference);
  }
}
