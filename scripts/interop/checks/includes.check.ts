import { type IncludeFinding, knownIncludeDifferences } from '../searches/known-include-differences.ts';
import { readSearch, type SearchResult } from '../searches/read-search.ts';
import type { ServedResource } from '../server/fhir-server.ts';
import type { CheckContext } from './check.ts';

/** While one server answers a search, the other answers one of another type. */
const typesAtOnce = 4;
/** With as many targets, they fit on one page of the server, which it need not store. */
const maxSources = 24;

/** Few enough that what refers to them fits on a page. */
const maxMatches = 6;

/** Of about 270 searches, 190 include something. */
const minIncluding = 100;

interface Connection {
  readonly connectionId: string;
  readonly types: readonly string[];
}

/**
 * Sends the same searches with each `_include` and `_revinclude` to Bulkhead and to the server, and compares the resources that are included.
 * Also compares the order of `_sort=_id`.
 */
export async function checkIncludes(context: CheckContext, { connectionId, types }: Connection): Promise<void> {
  const { api, report, server, served } = context;
  const fhirUrl = api.fhirUrl(connectionId);
  const statement = (await api.readFhir(`${fhirUrl}/metadata`)) as Statement;
  const includesByType = readIncludes(statement);
  const revIncludesByType = readIncludes(statement, 'searchRevInclude');
  const servedIncludes = readIncludes(JSON.parse(await server.read('metadata')) as Statement);
  const readings = await Promise.all(types.map(async (type) => [...(await served(type)).values()]));
  const resources = new Map(readings.flat().map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const search = async (query: string) => ({
    stored: await readSearch(`${fhirUrl}/${query}&_count=500`, (url) => api.readFhir(url)),
    served: await server.search(query),
  });
  const referred = new Set(readings.flat().flatMap((resource) => [...referencesOf(resource)]));
  let including = 0;
  const checkRevIncludes = async (type: string) => {
    const matches = [...(await served(type)).values()]
      .filter(({ id }) => referred.has(`${type}/${id}`))
      .slice(0, maxMatches);
    const revIncludes = [...(revIncludesByType.get(type) ?? [])].filter((each) =>
      types.includes(each.split(':', 1)[0] ?? ''),
    );
    for (const revInclude of matches.length === 0 ? [] : revIncludes) {
      const found = await search(`${type}?_id=${matches.map(({ id }) => id).join(',')}&_revinclude=${revInclude}`);
      const pairOf = (reference: string) => {
        const source = resources.get(reference);
        const targets = matches.filter(({ id }) => source && referencesOf(source).has(`${type}/${id}`));
        return { target: targets.at(-1), sources: source ? [source] : [] };
      };
      compareIncluded({ context, what: `${revInclude} of ${type}`, pairOf, ...found });
      if (found.served.included.size > 0) including += 1;
    }
  };
  const checkType = async (type: string) => {
    const order = await search(`${type}?_sort=_id`);
    // A search of Groups begins with that of the connection, which is not stored.
    const expectedOrder = [...(type === 'Group' ? [connectionId] : []), ...order.served.matches];
    report.fact({ what: `the order of ${type} by _id`, expected: expectedOrder, actual: order.stored.matches });
    const includes = [...(includesByType.get(type) ?? [])].sort();
    const expected = [...(servedIncludes.get(type) ?? [])].filter(isReference).sort();
    report.fact({ what: `the values of _include for ${type}`, expected, actual: includes });
    const sources = chooseSources(type, await served(type));
    if (sources.length === 0) return;
    const ids = sources.map(({ id }) => id).join(',');
    for (const include of includes) {
      const found = await search(`${type}?_id=${ids}&_include=${include}`);
      const pairOf = (reference: string) => ({
        target: resources.get(reference),
        sources: sources.filter((source) => referencesOf(source).has(reference)),
      });
      compareIncluded({ context, what: include, pairOf, ...found });
      if (found.served.included.size > 0) including += 1;
    }
  };
  const waiting = [...types];
  await Promise.all(
    Array.from({ length: typesAtOnce }, async () => {
      for (let type = waiting.shift(); type; type = waiting.shift()) {
        await checkType(type);
        await checkRevIncludes(type);
      }
    }),
  );
  report.fact({
    what: `whether ${minIncluding} searches included something`,
    expected: true,
    actual: including >= minIncluding,
  });
}

type IncludeList = 'searchInclude' | 'searchRevInclude';
interface Statement {
  readonly rest: readonly {
    readonly resource: readonly ({ readonly type: string } & { readonly [Name in IncludeList]?: readonly string[] })[];
  }[];
}

/** Returns the values of `_include` or `_revinclude` that a CapabilityStatement lists for each type. */
function readIncludes({ rest }: Statement, name: IncludeList = 'searchInclude'): Map<string, ReadonlySet<string>> {
  const resources = rest.flatMap(({ resource }) => resource);
  return new Map(resources.map((resource) => [resource.type, new Set(resource[name] ?? [])]));
}

/** HAPI also lists `*`, and parameters whose elements are canonical URLs and not references. */
function isReference(include: string): boolean {
  return include !== '*' && !/:(instantiates-canonical|questionnaire)$/.test(include);
}

/**
 * Chooses the resources with the most references. None is the target of another one, because what is a match need not be
 * included.
 */
function chooseSources(type: string, resources: ReadonlyMap<string, ServedResource>): readonly ServedResource[] {
  const byReferences = [...resources.values()]
    .map((resource) => ({ resource, references: referencesOf(resource) }))
    .filter(({ references }) => references.size > 0)
    .sort((left, right) => right.references.size - left.references.size);
  const targets = new Set(byReferences.flatMap(({ references }) => [...references]));
  return byReferences
    .filter(({ resource }) => !targets.has(`${type}/${resource.id}`))
    .slice(0, maxSources)
    .map(({ resource }) => resource);
}

/** The literal references at any position in a resource. */
function referencesOf(resource: ServedResource): ReadonlySet<string> {
  const references = JSON.stringify(resource).matchAll(/"reference":"([A-Z][A-Za-z]+\/[^"]+)"/g);
  return new Set([...references].map(([, reference = '']) => reference));
}

function compareIncluded(options: {
  readonly context: Pick<CheckContext, 'report'>;
  readonly what: string;
  /** For what only one server includes: the resource that is referred to, and those that refer to it. */
  readonly pairOf: (reference: string) => Pick<IncludeFinding, 'target' | 'sources'>;
  readonly stored: SearchResult;
  readonly served: SearchResult;
}): void {
  const { context, what, pairOf, stored, served } = options;
  const { report } = context;
  const expected = new Set(served.included);
  for (const reference of new Set([...served.included, ...stored.included])) {
    if (served.included.has(reference) && stored.included.has(reference)) continue;
    const known = knownIncludeDifferences.find(({ explains }) =>
      explains({
        what: stored.included.has(reference) ? 'extra' : 'missing',
        ...pairOf(reference),
      }),
    );
    if (!known) continue;
    report.explained(known);
    if (stored.included.has(reference)) expected.add(reference);
    else expected.delete(reference);
  }
  report.fact({ what: `what ${what} includes`, expected: [...expected].sort(), actual: [...stored.included].sort() });
}
