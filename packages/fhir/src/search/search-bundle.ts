import { isOperationOutcome, type OutcomeIssue, readOutcomeIssues } from '../resources/operation-outcome.ts';

/** One page of a search (https://hl7.org/fhir/R4/bundle.html#searchset). */
export interface SearchBundle {
  /** Matches and includes in their order, without OperationOutcomes. */
  readonly entries: readonly SearchEntry[];
  /** The issues of OperationOutcome entries. athenahealth answers a bad id with 200 and one of these instead of matches. */
  readonly issues: readonly OutcomeIssue[];
  /** `link[next]`, as written. */
  readonly nextUrl?: string;
  /** The number of matches on all pages. Many servers leave it out. */
  readonly total?: number;
}

export interface SearchEntry {
  /** Its position on the page, from 0. */
  readonly index: number;
  /** As received, whatever it is. An entry without a resource is its own content, so that it can be quarantined. */
  readonly content: unknown;
  readonly hasResource: boolean;
  /** False for what the server added, for example by `_revinclude`: `total` does not count it. */
  readonly isMatch: boolean;
}

/** A page, or what is malformed about it. The text is our own and quotes nothing of the page. */
export type SearchBundleReading = { readonly page: SearchBundle } | { readonly fault: string };

/**
 * Reads one page. A malformed page is a fault and never an empty page: an empty page ends a search as complete.
 * An absent `entry` or `link` is not malformed.
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
      entries: entry.flatMap((one, index) => (isOutcome(one) ? [] : [toEntry(one, index)])),
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

/** A Bundle of matches as JSON text: https://hl7.org/fhir/R4/bundle.html#searchset. */
export function searchset(options: {
  readonly self: string;
  readonly next?: string | undefined;
  readonly total?: number | undefined;
  /** Resources as texts: each was serialised once, with its numbers' own texts. */
  readonly entries: readonly { readonly fullUrl: string; readonly resource: string }[];
}): string {
  const { self, next, total, entries } = options;
  const link = [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])];
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  });
  // FHIR has no empty arrays.
  if (entries.length === 0) return head;
  const entry = entries.map(
    ({ fullUrl, resource }) =>
      `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${resource},"search":{"mode":"match"}}`,
  );
  return `${head.slice(0, -1)},"entry":[${entry.join(',')}]}`;
}
