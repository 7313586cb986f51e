import { patientsShown } from '@bulkhead/access/audit';
import { type Resource, type SearchsetEntry, searchset, withElements } from '@bulkhead/fhir';
import { readIncluded, readReferring, referenceTo } from './read-included.ts';
import { maxPageCharacters, type ReadText, type ShowAttachments, withCursor } from './read-text.ts';

interface Match {
  readonly resource: Resource;
  readonly json: string;
}

/** Collects the matches of a page, up to their number and to the size of a page. */
export class PageOfMatches {
  readonly matches: Match[] = [];
  readonly #count;
  #characters = 0;
  #end: (() => string) | undefined;
  #next: string | undefined;

  constructor({ count }: { readonly count: number }) {
    this.#count = count;
  }

  /** How many more matches the page can have. */
  get room(): number {
    return this.#count - this.matches.length;
  }

  /** The cursor of the next page. */
  get next(): string | undefined {
    return this.#next;
  }

  /** @returns false if the page has no room for the match, which then begins the next page */
  add(resource: Resource, cursor: () => string): boolean {
    if (this.room === 0 || this.#characters > maxPageCharacters) {
      this.#next = this.#end?.();
      return false;
    }
    const json = JSON.stringify(resource);
    this.matches.push({ resource, json });
    this.#characters += json.length;
    this.#end = cursor;
    return true;
  }
}

/** What a page is written with. */
export interface PageWriter {
  readonly resources: Parameters<typeof readIncluded>[0]['resources'] &
    Parameters<typeof readReferring>[0]['resources'];
  readonly show: ShowAttachments;
  readonly connectionId: string;
  readonly fhirEndpoint: string;
  /** The FHIR base URL of `fullUrl`. Default: that of the EHR. */
  readonly base?: string | undefined;
  /** The absolute URL of the request, from which the link to the next page is made. */
  readonly address: URL;
  /** Whether other resources of a type may be added. Default: all types. */
  readonly mayInclude?: ((resourceType: string) => boolean) | undefined;
}

/** Writes a page of matches, and of what they refer to, as a searchset Bundle. */
export async function writePage(
  options: PageWriter & {
    readonly matches: readonly Match[];
    readonly includes: Parameters<typeof readIncluded>[0]['includes'];
    readonly revIncludes?: Parameters<typeof readReferring>[0]['revIncludes'];
    /** The parameter that makes a page smaller, for a fault. */
    readonly parameter?: string;
    /** The elements of the matches. Default: all. */
    readonly elements?: readonly string[] | undefined;
    readonly total?: number | undefined;
    readonly next: string | undefined;
    /** An OperationOutcome about the search, which the page begins with. JSON. */
    readonly outcome?: string | undefined;
    /** The patients of the request. */
    readonly patients: readonly string[];
  },
): Promise<ReadText> {
  const {
    fhirEndpoint,
    base = fhirEndpoint,
    address,
    show,
    matches,
    elements,
    total,
    next,
    outcome,
    patients,
    revIncludes = [],
  } = options;
  const found = matches.map(({ resource }) => resource);
  const targets = await readIncluded({ ...options, matches: found });
  const referring = await readReferring({ ...options, revIncludes, matches: found });
  const included = distinctResources([...targets, ...referring]);
  const shownAs = await show([...found, ...included]);
  const textOf = (resource: Resource, json = JSON.stringify(resource)) => {
    const shown = shownAs.get(resource);
    return shown ? JSON.stringify(shown) : json;
  };
  const matchTextOf = ({ resource, json }: Match) =>
    elements ? JSON.stringify(withElements(shownAs.get(resource) ?? resource, elements)) : textOf(resource, json);
  // `fullUrl` is the identity of the resource, and its references are relative to it.
  const urlOf = ({ resourceType, id }: Resource) => `${base}/${resourceType}/${id}`;
  const entries: readonly SearchsetEntry[] = [
    ...(outcome === undefined ? [] : [{ fullUrl: undefined, resource: outcome, mode: 'outcome' as const }]),
    ...matches.map((match) => ({ fullUrl: urlOf(match.resource), resource: matchTextOf(match) })),
    ...included.map((resource) => ({
      fullUrl: urlOf(resource),
      resource: textOf(resource),
      mode: 'include' as const,
    })),
  ];
  const nextUrl = next === undefined ? undefined : withCursor(address, next);
  return {
    text: searchset({ self: address.href, next: nextUrl, total, entries }),
    patients: [...new Set([...patients, ...[...found, ...included].flatMap(patientsShown)])],
  };
}

/** A resource can be a target and refer to a match itself. A Bundle must not have it twice (bdl-7). */
function distinctResources(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((resource) => [referenceTo(resource), resource])).values()];
}
