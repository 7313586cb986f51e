import { OutcomeError } from '../http/outcome.ts';
import type { Simulator } from '../simulator.ts';
import { findMatches } from './find-matches.ts';
import type { FoundResource } from './found-resource.ts';
import { revIncluded } from './rev-included.ts';
import type { SearchParameters } from './search-parameters.ts';

export interface SearchPageInput {
  readonly simulator: Simulator;
  readonly type: string;
  readonly parameters: SearchParameters;
}

/** athenahealth's default, and a bound of ours on what `_count` may ask for. */
const defaultCount = 20;
const maxCount = 100;

/** One page of a search as a searchset Bundle, with `link[next]` while there is more. */
export async function searchPage({ simulator, type, parameters }: SearchPageInput): Promise<Record<string, unknown>> {
  const count = Math.min(maxCount, Math.max(1, Number(parameters.get('_count')?.[0]) || defaultCount));
  const offset = offsetOf(parameters.get('_cursor')?.[0]);
  const found: unknown[] = [];
  let position = 0;
  for await (const resource of findMatches({ practice: simulator.practice, type, parameters })) {
    if (position >= offset) found.push(resource);
    position += 1;
    // One more than the page, to know whether there is a next one.
    if (found.length > count) break;
  }
  const url = (cursor: number) => pageUrl({ simulator, type, parameters, cursor });
  const matches = found.slice(0, count) as FoundResource[];
  const included = type === 'Patient' ? await revIncluded({ simulator, patients: matches, parameters }) : [];
  const toEntry = (mode: 'match' | 'include') => (resource: FoundResource) => ({
    fullUrl: `${simulator.fhirEndpoint()}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode },
  });
  // `_count` bounds the matches; what is included comes beside it (https://hl7.org/fhir/R4/search.html#count).
  const entry = [...matches.map(toEntry('match')), ...included.map(toEntry('include'))];
  const next = found.length > count ? [{ relation: 'next', url: url(offset + count) }] : [];
  const link = [{ relation: 'self', url: url(offset) }, ...next];
  return { resourceType: 'Bundle', type: 'searchset', link, ...(entry.length > 0 ? { entry } : {}) };
}

interface PageUrlInput extends SearchPageInput {
  readonly cursor: number;
}

function pageUrl({ simulator, type, parameters, cursor }: PageUrlInput): string {
  const query = new URLSearchParams();
  for (const [name, values] of parameters) {
    if (name !== '_cursor') for (const value of values) query.append(name, value);
  }
  if (cursor > 0) query.set('_cursor', Buffer.from(`v1:${cursor}`).toString('base64url'));
  return `${simulator.fhirEndpoint()}/${type}?${query}`;
}

/** Opaque to clients: they must follow the link and not count. */
function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const offset = /^v1:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (offset !== undefined) return Number(offset);
  throw new OutcomeError({ status: 400, code: 'invalid', text: 'The cursor is not valid.' });
}
