import { invalidRequest } from '@bulkhead/base';
import { type Include, includedReferences, type Resource, type RevInclude, searchToken } from '@bulkhead/fhir';
import { PageRoom } from '../read/page-room.ts';
import type { ResourceStore } from '../resource.feature.ts';

/** A page of 1,000 matches with one target each. More targets need a smaller page. */
const maxIncluded = 1000;

/** A search that finds what a page has no room for. */
export interface OmittedSearch {
  readonly resourceType: string;
  readonly parameter: string;
  /** Alternatives. */
  readonly values: readonly string[];
}

interface WrittenResource {
  readonly resource: Resource;
  readonly json: string;
}

/** Collects what is added to a page, each resource once, as far as it has room. */
export class IncludedResources {
  readonly #byReference = new Map<string, WrittenResource>();
  readonly #room = new PageRoom(maxIncluded);
  readonly #matched: ReadonlySet<string>;
  readonly omitted: OmittedSearch[] = [];

  /** A Bundle must not have a resource twice: https://hl7.org/fhir/R4/bundle.html#invs (bdl-7). */
  constructor(matches: readonly Resource[]) {
    this.#matched = new Set(matches.map(referenceTo));
  }

  get all(): readonly WrittenResource[] {
    return [...this.#byReference.values()];
  }

  has(reference: string): boolean {
    return this.#matched.has(reference) || this.#byReference.has(reference);
  }

  /** @returns false if there is no room for it */
  add(resource: Resource): boolean {
    if (this.has(referenceTo(resource))) return true;
    const json = JSON.stringify(resource);
    if (!this.#room.fits(json.length)) return false;
    this.#room.add(json.length);
    this.#byReference.set(referenceTo(resource), { resource, json });
    return true;
  }
}

interface ReadIncluded<Stored extends 'findByIds' | 'findByKey'> {
  readonly resources: Pick<ResourceStore['resources'], Stored>;
  readonly connectionId: string;
  /** The names of the EHR. See `readReference`. */
  readonly baseUrls: readonly string[];
  /** Default: all types. */
  readonly mayInclude?: ((resourceType: string) => boolean) | undefined;
  readonly matches: readonly Resource[];
  readonly included: IncludedResources;
  readonly signal: AbortSignal;
}

/** Reads the resources that `_include` adds to a page. @throws AppError `invalid-request` if there are too many */
export async function readIncluded(
  options: ReadIncluded<'findByIds'> & {
    readonly includes: readonly (Include & { readonly type: string })[];
    /** The parameter that a fault names. */
    readonly parameter?: string;
  },
): Promise<void> {
  const { resources, baseUrls, includes, mayInclude = () => true, matches, included, ...reading } = options;
  const byType = Map.groupBy(matches, ({ resourceType }) => resourceType);
  const references = includes.flatMap((include) =>
    (byType.get(include.type) ?? []).flatMap((resource) => includedReferences(resource, { ...include, baseUrls })),
  );
  const readable = references.filter(({ type, id }) => mayInclude(type) && !included.has(`${type}/${id}`));
  const targets = new Map(readable.map((target) => [`${target.type}/${target.id}`, target]));
  if (targets.size > maxIncluded) {
    const message = `adds more than ${maxIncluded} resources to this page. Send a smaller \`_count\``;
    throw invalidRequest([{ path: options.parameter ?? '_include', message }]);
  }
  for (const [resourceType, ofType] of Map.groupBy(targets.values(), ({ type }) => type)) {
    const ids = new Set(ofType.map(({ id }) => id));
    for await (const resource of resources.findByIds({ ...reading, resourceType, ids: [...ids] })) {
      if (!included.add(resource as Resource)) {
        included.omitted.push({ resourceType, parameter: '_id', values: [...ids] });
        break;
      }
      ids.delete((resource as Resource).id);
    }
  }
}

/** Reads the resources that refer to the matches, as `_revinclude` asks. @throws AppError `invalid-request` if there are too many */
export async function readReferring(
  options: ReadIncluded<'findByKey'> & { readonly revIncludes: readonly RevInclude[] },
): Promise<void> {
  const { resources, baseUrls, revIncludes, mayInclude = () => true, matches, included, ...reading } = options;
  const matched = new Set(matches.map(referenceTo));
  for (const revInclude of matches.length === 0 ? [] : revIncludes) {
    const { type: resourceType, key, name: parameter } = revInclude;
    if (!mayInclude(resourceType)) continue;
    const values = key === 'patient' ? matches.map(({ id }) => id) : [...matched];
    const keys =
      key === 'patient'
        ? { key, values }
        : ({ key: 'tokens', values: values.map((code) => searchToken({ parameter: 'target', code })) } as const);
    let count = 0;
    for await (const found of resources.findByKey({ ...reading, resourceType, ...keys, limit: maxIncluded + 1 })) {
      count += 1;
      if (count > maxIncluded) {
        const message = `adds more than ${maxIncluded} resources to this page. Send a smaller \`_count\`, or search ${resourceType}`;
        throw invalidRequest([{ path: '_revinclude', message }]);
      }
      const references = includedReferences(found as Resource, { ...revInclude, baseUrls });
      if (!references.some(({ type, id }) => matched.has(`${type}/${id}`)) || included.add(found as Resource)) continue;
      included.omitted.push({ resourceType, parameter, values });
      break;
    }
  }
}

function referenceTo({ resourceType, id }: Resource): string {
  return `${resourceType}/${id}`;
}
