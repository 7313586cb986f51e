import type { Route } from '@bulkhead/embedded/scripted-server';
import { codingHeader, encode, interrupt } from './answers.ts';
import type { SearchPlan } from './search-plan.ts';
import { type CurrentVersion, type ServedWorld, toResource } from './world.ts';

/** The searches of one sync at a hostile server. */
export interface HostileSearches {
  readonly plan: SearchPlan;
  readonly world: ServedWorld;
  readonly period: number;
  /** The number of requests for each address. */
  readonly requestCounts: Map<string, number>;
}

interface SearchRequest {
  readonly searches: HostileSearches;
  readonly url: URL;
  readonly baseUrl: string;
  readonly now: () => number;
}

/** Answers one page of `GET /{type}` with `_id` or `patient`, and `_lastUpdated=ge{day}`. */
export function answerSearch(request: SearchRequest): Route {
  const { searches, url, now } = request;
  const { plan } = searches;
  const requestNumber = searches.requestCounts.get(url.href) ?? 0;
  searches.requestCounts.set(url.href, requestNumber + 1);
  const interruption = plan.interruptions[requestNumber];
  if (interruption !== undefined) return interrupt(interruption, now);
  const type = url.pathname.slice(1);
  const isOdd = plan.oddType === undefined || plan.oddType === type;
  const oddity = isOdd ? plan.oddity : 'none';
  if (oddity === 'redirect' && !url.searchParams.has('moved'))
    return { status: 307, headers: { location: `${url.pathname}${url.search}&moved=1` } };
  const bundle = withOddity(oddity, searchPage(request));
  const body = encode(plan.coding, Buffer.from(JSON.stringify(bundle)));
  const headers = {
    'content-type': 'application/fhir+json',
    date: new Date(searches.world.endOf(searches.period)).toUTCString(),
    ...codingHeader(plan.coding),
  };
  return { headers, body };
}

interface Page {
  readonly resourceType: string;
  readonly type: string;
  readonly entry: readonly object[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}

function searchPage({ searches, url, baseUrl }: SearchRequest): Page {
  const { plan } = searches;
  const page = Number(url.searchParams.get('page') ?? 0);
  if (page > 0) searches.world.beforePage?.(matchesOf(searches, url));
  const matches = matchesOf(searches, url);
  const size = plan.pageSize === 0 ? matches.length : plan.pageSize;
  const pageMatches = matches.slice(page * size, (page + 1) * size);
  const isLast = matches.length <= (page + 1) * size;
  const hasMore = plan.oddity === 'empty-last-page' ? pageMatches.length > 0 : !isLast;
  const toEntry = (resource: object, mode = 'match') => ({ resource, search: { mode } });
  const entries = pageMatches.map((version) => toEntry(toResource(version)));
  const type = url.pathname.slice(1);
  const extras = [
    ...(plan.hasBadEntry ? [toEntry({ resourceType: type, id: 'x'.repeat(129) })] : []),
    ...(plan.hasForeignEntry ? [toEntry({ resourceType: 'Organization', id: 'foreign' })] : []),
  ];
  const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: plan.outcome, code: 'processing' }] };
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const nextUrl = `${plan.urls === 'relative' ? '' : baseUrl}${next.pathname}${next.search}`;
  const counted = matches.length + extras.length;
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...{ absent: {}, right: { total: counted }, high: { total: counted + 1 } }[plan.total],
    entry: [
      ...(page === 0 ? extras : []),
      ...(plan.repeats ? [...entries, ...entries] : entries),
      ...(plan.outcome === 'none' ? [] : [toEntry(outcome, 'outcome')]),
    ],
    link: [{ relation: 'self', url: url.href }, ...(hasMore ? [{ relation: 'next', url: nextUrl }] : [])],
  };
}

function matchesOf({ world, period }: HostileSearches, { pathname, searchParams }: URL): CurrentVersion[] {
  const type = pathname.slice(1);
  const ids = searchParams.get(type === 'Patient' ? '_id' : 'patient')?.split(',') ?? [];
  const fromDay = searchParams.get('_lastUpdated')?.slice('ge'.length) ?? '';
  return world
    .current({ period })
    .filter((version) => version.type === type && ids.includes(version.patientId ?? version.id))
    .filter(({ lastUpdated }) => lastUpdated >= fromDay);
}

function withOddity(oddity: SearchPlan['oddity'], page: Page): object {
  const { link: links } = page;
  switch (oddity) {
    case 'empty-object':
      return {};
    case 'history':
      return { ...page, type: 'history' };
    case 'next-null':
      return { ...page, link: [{ relation: 'next', url: null }] };
    case 'next-object':
      return { ...page, link: [{ relation: 'next', url: { href: '/' } }] };
    case 'next-without-url':
      return { ...page, link: [{ relation: 'next' }] };
    case 'page-loop':
      return { ...page, link: [{ relation: 'next', url: links[0]?.url }] };
    case 'entry-object':
      return { ...page, entry: { 0: page.entry } };
    case 'entry-null':
      return { ...page, entry: null };
    case 'entry-with-null':
      return { ...page, entry: [null, ...page.entry] };
    case 'link-object':
      return { ...page, link: links.at(-1) };
    default:
      return page;
  }
}
