import { isMandatory, type Resource, subsettedMeta } from '../index.ts';

/**
 * Makes a function that reduces a resource to the requested and the mandatory elements (FHIR Bulk Data 2.0.0, "_elements"). The resource is
 * tagged as incomplete, so that a reader does not overwrite a complete one with it.
 * @param elements `element` or `Type.element`
 */
export function elementSelector(elements: readonly string[]): (resource: Resource) => Record<string, unknown> {
  const keptOf = new Map<string, ReadonlySet<string>>();
  return (resource) => {
    const { resourceType } = resource;
    const kept = keptOf.get(resourceType) ?? keptElements(resourceType, elements);
    keptOf.set(resourceType, kept);
    const isKept = (name: string) => kept.has(name) || isMandatory(resourceType, name);
    const reduced = Object.fromEntries(Object.entries(resource).filter(([name]) => isKept(name.replace(/^_/, ''))));
    return { ...reduced, meta: subsettedMeta(resource.meta) };
  };
}

function keptElements(resourceType: string, elements: readonly string[]): ReadonlySet<string> {
  return new Set(['resourceType', 'id', 'meta', ...elements.map((name) => name.replace(`${resourceType}.`, ''))]);
}
