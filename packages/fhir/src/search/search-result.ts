import { isMandatory, subsettedMeta } from '../resources/mandatory-elements.ts';
import { isSubsetted, type Resource } from '../resources/resource.ts';

/** What a reader of any resource needs: who and which version it is, and what may change its meaning. */
const keptElements = ['resourceType', 'id', 'meta', 'implicitRules', 'modifierExtension', 'status'];

/**
 * A resource with some of its elements: https://hl7.org/fhir/R4/search.html#elements. `value` is any `value[x]`. It is marked, so that no
 * client takes it for the whole resource.
 */
export function withElements(resource: Resource, elements: readonly string[]): Resource {
  const { resourceType, meta } = resource;
  const wanted = new Set([...keptElements, ...elements]);
  const kept = Object.entries(resource).filter(([member]) => {
    const name = member.replace(/^_/, '');
    return isWanted(name, wanted) || isMandatory(resourceType, name);
  });
  return { ...(Object.fromEntries(kept) as Resource), meta: isSubsetted(resource) ? { ...meta } : subsettedMeta(meta) };
}

/** Names of elements are shorter. */
const maxElementCharacters = 64;

/** The type of a choice begins with the last capital letter of the member, or with an earlier one. */
function isWanted(member: string, wanted: ReadonlySet<string>): boolean {
  if (wanted.has(member)) return true;
  for (let end = 1; end < Math.min(member.length, maxElementCharacters); end += 1) {
    const isCapital = member[end] !== member[end]?.toLowerCase();
    if (isCapital && wanted.has(member.slice(0, end))) return true;
  }
  return false;
}
