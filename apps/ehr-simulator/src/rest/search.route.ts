import { Router } from 'express';
import { endpoint, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { parseExact } from '../practice/exact-json.ts';
import type { Simulator } from '../simulator.ts';
import { type FoundResource, findMatches } from './find-matches.ts';
import {
  isDeclared,
  isInRest,
  parseSearchParameters,
  requireMandatoryParameters,
  type SearchParameters,
} from './search-parameters.ts';

/** `GET /fhir/r4/:type?...`. */
export function searchRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/:type', endpoint({ simulator, auth: 'token', handle: search }));
  return router;
}

async function search({ simulator, req }: HandleInput): Promise<Reply> {
  const type = String(req.params.type);
  if (!simulator.practice.types.includes(type) || !isInRest(simulator, type) || !isDeclared('search', type)) {
    throw new OutcomeError({ status: 404, code: 'not-supported', text: `${type} is not supported.` });
  }
  const parameters = parseSearchParameters(req.originalUrl);
  if (isDeclared('ah-practice', type)) requirePractice(simulator, parameters);
  // Whether these ignore it is not known.
  else if (simulator.options.refusesUndeclared && parameters.has('ah-practice')) {
    throw new OutcomeError({ status: 400, code: 'not-supported', text: `ah-practice is not supported for ${type}.` });
  }
  if (!simulator.options.practiceWideSearch) requireMandatoryParameters(type, parameters);
  const document = await searchPage({ simulator, type, parameters });
  return { status: 200, headers: { 'content-type': 'application/fhir+json' }, document };
}

function requirePractice({ options }: Simulator, parameters: SearchParameters): void {
  const practice = parameters.get('ah-practice')?.[0];
  if (practice === undefined) {
    throw new OutcomeError({ status: 400, code: 'forbidden', text: 'The parameter ah-practice is required.' });
  }
  if (practice.replace(/^Organization\//, '') === `a-1.Practice-${options.practiceId}`) return;
  throw new OutcomeError({ status: 403, code: 'forbidden', text: 'The client has no access to this practice.' });
}

interface SearchPageInput {
  readonly simulator: Simulator;
  readonly type: string;
  readonly parameters: SearchParameters;
}

/** Builds one page of a search as a searchset Bundle, with `link[next]` if there are more pages. */
async function searchPage(input: SearchPageInput): Promise<Record<string, unknown>> {
  const { simulator, type, parameters } = input;
  const { maxPageSize, defaultPageSize } = simulator.options;
  const count = Math.min(maxPageSize, Math.max(1, Number(parameters.get('_count')?.[0]) || defaultPageSize));
  const offset = offsetOf(parameters.get('_cursor')?.[0]);
  const entries: unknown[] = [];
  let position = 0;
  for await (const resource of findMatches({ practice: simulator.practice, type, parameters })) {
    if (position >= offset) entries.push(resource);
    position += 1;
    // One more than the page holds, to know if there is a next page.
    if (entries.length > count) break;
  }
  const included = await provenanceOf(input, entries.slice(0, count) as FoundResource[]);
  const url = (cursor: number) => pageUrl(input, cursor);
  const matches = entries.slice(0, count) as FoundResource[];
  const toEntry = (resource: FoundResource, mode: string) => ({
    fullUrl: `${simulator.fhirEndpoint()}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode },
  });
  const entry = [
    ...matches.map((resource) => toEntry(resource, 'match')),
    ...included.map((resource) => toEntry(resource, 'include')),
  ];
  const next = entries.length > count ? [{ relation: 'next', url: url(offset + count) }] : [];
  const link = [{ relation: 'self', url: url(offset) }, ...next];
  return { resourceType: 'Bundle', type: 'searchset', link, ...(entry.length > 0 ? { entry } : {}) };
}

/** `_revinclude=Provenance:target`: the Provenance of the matches of a page. */
async function provenanceOf(
  { simulator, parameters }: SearchPageInput,
  matches: readonly FoundResource[],
): Promise<FoundResource[]> {
  if (!parameters.get('_revinclude')?.includes('Provenance:target')) return [];
  const references = new Set(matches.map(({ resourceType, id }) => `${resourceType}/${id}`));
  const { practice } = simulator;
  const found: FoundResource[] = [];
  for await (const { resources } of practice.batches({
    type: 'Provenance',
    sinceMs: undefined,
    asOf: practice.sequence,
  }))
    for (const { text } of resources) {
      const content = parseExact(text) as FoundResource & {
        readonly target?: readonly { readonly reference: string }[];
      };
      if (content.target?.some(({ reference }) => references.has(reference))) found.push(content);
    }
  return found;
}

function pageUrl({ simulator, type, parameters }: SearchPageInput, cursor: number): string {
  const query = new URLSearchParams();
  for (const [name, values] of parameters) {
    if (name !== '_cursor') for (const value of values) query.append(name, value);
  }
  if (cursor > 0) query.set('_cursor', Buffer.from(`v1:${cursor}`).toString('base64url'));
  return `${simulator.fhirEndpoint()}/${type}?${query}`;
}

/** The cursor is opaque, so that clients must follow the link. */
function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const offset = /^v1:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (offset !== undefined) return Number(offset);
  throw new OutcomeError({ status: 400, code: 'invalid', text: 'The cursor is not valid.' });
}
