import { invalidRequest } from '@bulkhead/base';
import { type Include, includedReferences, type Resource, type RevInclude, searchToken } from '@bulkhead/fhir';
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
  for (const match of matches) targets.delete(referenceTo(match));
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

/** Reads the resources that refer to the matches, as `_revinclude` asks. @throws AppError `invalid-request` if there are too many */
export async function readReferring(options: {
  readonly resources: Pick<ResourceStore['resources'], 'findByKey'>;
  readonly connectionId: string;
  readonly fhirEndpoint: string;
  readonly revIncludes: readonly RevInclude[];
  readonly mayInclude?: ((resourceType: string) => boolean) | undefined;
  readonly matches: readonly Resource[];
}): Promise<Resource[]> {
  const { resources, connectionId, fhirEndpoint, revIncludes, mayInclude = () => true, matches } = options;
  const matched = new Set(matches.map(referenceTo));
  const found = new Map<string, Resource>();
  for (const revInclude of matches.length === 0 ? [] : revIncludes) {
    const { type: resourceType, key } = revInclude;
    if (!mayInclude(resourceType)) continue;
    const keys =
      key === 'patient'
        ? { key, values: matches.map(({ id }) => id) }
        : ({ key: 'tokens', values: [...matched].map((code) => searchToken({ parameter: 'target', code })) } as const);
    const candidates = await resources.findByKey({ connectionId, resourceType, ...keys, limit: maxIncluded + 1 });
    for (const candidate of candidates as Resource[]) {
      const references = includedReferences(candidate, { ...revInclude, fhirEndpoint });
      if (references.some(({ type, id }) => matched.has(`${type}/${id}`))) found.set(referenceTo(candidate), candidate);
    }
    if (candidates.length > maxIncluded || found.size > maxIncluded) {
      const message = `adds more than ${maxIncluded} resources to this page. Send a smaller \`_count\`, or search ${resourceType}`;
      throw invalidRequest([{ path: '_revinclude', message }]);
    }
  }
  for (const reference of matched) found.delete(reference);
  return [...found.values()];
}

export function referenceTo({ resourceType, id }: Resource): string {
  return `${resourceType}/${id}`;
}
