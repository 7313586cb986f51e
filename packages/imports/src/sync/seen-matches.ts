import { hash } from 'node:crypto';
import { present } from '@bulkhead/base';
import type { SearchEntry } from '@bulkhead/fhir';
import type { SyncSearch } from './sync-step.record.ts';

/** 48 bits: among 50,000 matches, two have the same hash in one of 200,000 searches. Such a search is incomplete once. */
const hashChars = 8;
/** No patient has as many resources of a type. Each page rewrites what was seen: 400 kB at most. */
const maxSeen = 50_000;

/**
 * Which matches the pages of a search have had, to notice that the data moved while it was read: if a resource of an earlier page is changed
 * or deleted, the offsets of later pages move, and some resources are on no page. The search stores it as a text between two pages.
 */
class SeenMatches {
  /** Undefined if there are too many. */
  #hashes: Set<string> | undefined;

  /** @param text as of `toText` */
  constructor(text = '') {
    this.#hashes = text === tooMany ? undefined : new Set(text.match(/.{8}/g));
  }

  /**
   * Adds the matches of a page.
   * @returns how many are new on this page, and whether one of them was on an earlier page
   */
  add(entries: readonly SearchEntry[]): { readonly newMatches: number; readonly isRepeated: boolean } {
    const matches = entries.filter(({ isMatch }) => isMatch);
    const seen = this.#hashes;
    if (seen === undefined) return { newMatches: matches.length, isRepeated: false };
    const ofPage = new Set(matches.map(hashOf));
    const repeated = [...ofPage].filter((value) => seen.has(value)).length;
    for (const value of ofPage) seen.add(value);
    if (seen.size > maxSeen) this.#hashes = undefined;
    return { newMatches: ofPage.size - repeated, isRepeated: repeated > 0 };
  }

  toText(): string {
    return this.#hashes === undefined ? tooMany : [...this.#hashes].join('');
  }
}

const tooMany = 'too many';

/** Matches without an id are different ones, unless they are equal. */
function hashOf({ content }: SearchEntry): string {
  const { resourceType, id } = (content ?? {}) as { readonly resourceType?: unknown; readonly id?: unknown };
  const identity = typeof id === 'string' ? `${resourceType}/${id}` : JSON.stringify(content);
  return hash('sha256', identity, 'base64url').slice(0, hashChars);
}

/** What is known of the matches on the pages so far. */
export type SearchMatches = Pick<SyncSearch, 'matched' | 'total' | 'hasMoved' | 'seen' | 'idlePages'>;

interface PageOfSearch {
  readonly entries: readonly SearchEntry[];
  readonly total?: number | undefined;
  readonly nextUrl?: string | undefined;
}

/** Counts the different matches up to a page, and notices that the data has moved. */
export function countMatches(search: SearchMatches, { entries, total, nextUrl }: PageOfSearch) {
  const seen = new SeenMatches(search.seen);
  const { newMatches, isRepeated } = seen.add(entries);
  const matched = search.matched + newMatches;
  // Some servers put the number of entries on the page here. A search with a next page has more matches than that.
  const stated = nextUrl !== undefined && total !== undefined && total <= matched ? undefined : total;
  const hasOtherTotal = stated !== undefined && search.total !== undefined && stated !== search.total;
  const hasMoved = isRepeated || hasOtherTotal || search.hasMoved === true;
  return {
    matched,
    ...present({ total: search.total ?? stated }),
    ...(hasMoved ? { hasMoved: true as const } : {}),
    seen: seen.toText(),
    idlePages: newMatches > 0 ? 0 : (search.idlePages ?? 0) + 1,
  };
}
