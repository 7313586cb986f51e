import { invalidRequest } from '@bulkhead/base';
import { type Include, includedReferences, type Resource } from '@bulkhead/fhir';
import type { ResourceStore } from '../resource.feature.ts';

/** A page of 1,000 matches with one target each. More targets need a smaller page. */
const maxIncluded = 1000;

/** Reads the resources that `_include` adds to a page. @throws AppError `invalid-request` if there are too many */
export async function readIncluded(options: {
  readonly resources: Pick<ResourceStore['resources'], 'findByIds'>;
  readonly connectionId: string;
  readonly fhirEndpoint: string;
  readonly includes: readonly (Include & { readonly type: string })[];
  /** Default: all types. */
  readonly mayInclude?: ((resourceType: string) => boolean) | undefined;
  readonly matches: readonly Resource[];
  /** The parameter that a fault names. */
  readonly parameter?: string;
}): Promise<Resource[]> {
  const { resources, connectionId, fhirEndpoint, includes, mayInclude = () => true, matches } = options;
  const byType = Map.groupBy(matches, ({ resourceType }) => resourceType);
  const references = includes.flatMap((include) =>
    (byType.get(include.type) ?? []).flatMap((resource) => includedReferences(resource, { ...include, fhirEndpoint })),
  );
  const readable = references.filter(({ type }) => mayInclude(type));
  const targets = new Map(readable.map((target) => [`${target.type}/${target.id}`, target]));
  // A Bundle must not have a resource twice: https://hl7.org/fhir/R4/bundle.html#invs (bdl-7).
  for (const { resourceType, id } of matches) targets.delete(`${resourceType}/${id}`);
  if (targets.size > maxIncluded) {
    const message = `adds more than ${maxIncluded} resources to this page. Send a smaller \`_count\``;
    throw invalidRequest([{ path: options.parameter ?? '_include', message }]);
  }
  const found: Resource[] = [];
  for (const [resourceType, ofType] of Map.groupBy(targets.values(), ({ type }) => type)) {
    const ids = ofType.map(({ id }) => id);
    found.push(...((await resources.findByIds({ connectionId, resourceType, ids })) as Resource[]));
  }
  return found;
}
