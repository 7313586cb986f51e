import { patientsShown } from '@bulkhead/access/audit';
import { type Resource, type SearchsetEntry, searchset, withElements } from '@bulkhead/fhir';
import { toBatches } from '@bulkhead/store';
import { PageRoom } from '../read/page-room.ts';
import { IncludedResources, type OmittedSearch, readIncluded, readReferring } from './read-included.ts';
import { type ReadText, type ShowAttachments, withCursor } from './read-text.ts';

interface Match {
  readonly resource: Resource;
  readonly json: string;
}

/** Collects the matches of a page, as far as it has room. */
export class PageOfMatches {
  readonly matches: Match[] = [];
  readonly #room: PageRoom;
  #end: (() => string) | undefined;
  #next: string | undefined;

  constructor({ count }: { readonly count: number }) {
    this.#room = new PageRoom(count);
  }

  /** How many more matches the page can have. */
  get room(): number {
    return this.#room.count;
  }

  get isLarge(): boolean {
    return this.#room.isLarge;
  }

  /** The cursor of the next page. */
  get next(): string | undefined {
    return this.#next;
  }

  /** @returns false if the page has no room for the match, which then begins the next page */
  add(resource: Resource, cursor: () => string): boolean {
    const json = JSON.stringify(resource);
    if (!this.#room.fits(json.length)) {
      this.#next = this.#end?.();
      return false;
    }
    this.matches.push({ resource, json });
    this.#room.add(json.length);
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
  /** The names of the EHR. See `readReference`. */
  readonly baseUrls: readonly string[];
  /** The FHIR base URL of `fullUrl`. Default: that of the EHR. */
  readonly base?: string | undefined;
  /** The absolute URL of the request, from which the link to the next page is made. */
  readonly address: URL;
  /** Whether other resources of a type may be added. Default: all types. */
  readonly mayInclude?: ((resourceType: string) => boolean) | undefined;
  /** Aborted when the client has closed the connection. */
  readonly signal: AbortSignal;
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
    resources,
    connectionId,
    baseUrls,
    mayInclude,
    signal,
    includes,
    revIncludes = [],
    parameter = '_include',
  } = options;
  const found = matches.map(({ resource }) => resource);
  const included = new IncludedResources(found);
  const reading = { resources, connectionId, baseUrls, mayInclude, signal, included, matches: found };
  await readIncluded({ ...reading, includes, parameter });
  await readReferring({ ...reading, revIncludes });
  const added = included.all.map(({ resource }) => resource);
  const shownAs = await show([...found, ...added]);
  const related = included.omitted.flatMap((omitted) =>
    searchUrls(omitted, { base: options.base, address, connectionId }),
  );
  const textOf = (resource: Resource, json: string) => {
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
    ...included.all.map(({ resource, json }) => ({
      fullUrl: urlOf(resource),
      resource: textOf(resource, json),
      mode: 'include' as const,
    })),
    ...(related.length === 0
      ? []
      : [{ fullUrl: undefined, resource: omittedOutcome(related), mode: 'outcome' as const }]),
  ];
  const nextUrl = next === undefined ? undefined : withCursor(address, next);
  return {
    text: searchset({ self: address.href, next: nextUrl, related, total, entries }),
    patients: [...new Set([...patients, ...[...found, ...added].flatMap(patientsShown)])],
  };
}

/** As many values as a search of patients can name, which is also a URL of a usual length. */
const maxValues = 50;

/** The URLs of the searches that find what a page has left out: below the FHIR base URL, or beside that of the request. */
function searchUrls(
  { resourceType, parameter, values }: OmittedSearch,
  { base, address, connectionId }: Pick<PageWriter, 'base' | 'address' | 'connectionId'>,
): string[] {
  return toBatches(values, maxValues).map((some) => {
    const url = new URL(base === undefined ? resourceType : `${base}/${resourceType}`, address);
    if (base === undefined) url.searchParams.set('connectionId', connectionId);
    url.searchParams.set(parameter, some.join(','));
    return url.href;
  });
}

/** Says what is missing, as https://hl7.org/fhir/R4/search.html#errors advises, for clients that do not read the links of the Bundle. */
function omittedOutcome(urls: readonly string[]): string {
  const text =
    'The page has no room for all resources that _include and _revinclude add. Read the others at these URLs.';
  const issue = { severity: 'warning', code: 'incomplete', details: { text }, diagnostics: urls.join(' ') };
  return JSON.stringify({ resourceType: 'OperationOutcome', id: 'omitted', issue: [issue] });
}
