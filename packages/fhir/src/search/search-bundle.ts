import { isOperationOutcome, type OutcomeIssue, readOutcomeIssues } from '../resources/operation-outcome.ts';

/**
 * A search returns its matches in pages. Each page is a Bundle with a link to the next one, and a search is complete if a page has
 * no such link. `readSearchBundle` reads a page that an EHR sent. `write-bundle.ts` writes those of Bulkhead's own FHIR API.
 *
 * This is one page: https://hl7.org/fhir/R4/bundle.html#searchset.
 */
export interface SearchBundle {
  /** Matches and includes in order, without OperationOutcomes. */
  readonly entries: readonly SearchEntry[];
  /**
   * The issues of OperationOutcome entries. For an invalid id, athenahealth returns status 200 and one of these instead of matches.
   */
  readonly issues: readonly OutcomeIssue[];
  /** `link[next]` as the server wrote it. */
  readonly nextUrl?: string;
  /** The number of matches on all pages. Many servers omit it. */
  readonly total?: number;
}

export interface SearchEntry {
  /** The position on the page, from 0. */
  readonly index: number;
  /** The content as received, whatever it is. Without a resource it is the entry itself, so that it can be quarantined. */
  readonly content: unknown;
  readonly hasResource: boolean;
  /** False for resources that the server added, for example by `_revinclude`. `total` does not count them. */
  readonly isMatch: boolean;
}

/** A page, or what is malformed about it. The text is fixed and quotes nothing of the page. */
export type SearchBundleReading = { readonly page: SearchBundle } | { readonly fault: string };

/**
 * Reads one page. A malformed page is a fault and never an empty page, because an empty page would end a search as complete. A
 * missing `entry` or `link` is not malformed.
 */
export function readSearchBundle(value: unknown): SearchBundleReading {
  if (!isObject(value) || value.resourceType !== 'Bundle') return { fault: 'it is not a Bundle' };
  const { type, entry = [], link = [] } = value;
  if (type !== undefined && type !== 'searchset') return { fault: '`type` is not "searchset"' };
  if (!Array.isArray(entry)) return { fault: '`entry` is not an array' };
  if (!entry.every(isObject)) return { fault: 'an element of `entry` is not an object' };
  if (!Array.isArray(link)) return { fault: '`link` is not an array' };
  if (!link.every(isObject)) return { fault: 'an element of `link` is not an object' };
  const next = link.find(({ relation }) => relation === 'next');
  const nextUrl = next?.url;
  if (next && (typeof nextUrl !== 'string' || nextUrl.trim() === ''))
    return { fault: '`link` has a "next" without a URL' };
  return {
    page: {
      entries: entry.flatMap((item, index) => (isOutcome(item) ? [] : [toEntry(item, index)])),
      issues: entry.filter(isOutcome).flatMap(({ resource }) => readOutcomeIssues(resource)),
      ...(typeof nextUrl === 'string' ? { nextUrl } : {}),
      ...(isCount(value.total) ? { total: value.total } : {}),
    },
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function toEntry(entry: JsonObject, index: number): SearchEntry {
  const mode = isObject(entry.search) ? entry.search.mode : undefined;
  const hasResource = entry.resource !== undefined;
  return {
    index,
    content: hasResource ? entry.resource : entry,
    hasResource,
    isMatch: mode === undefined || mode === 'match',
  };
}

function isOutcome({ resource }: JsonObject): boolean {
  return isOperationOutcome(resource);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
