import { createRandom } from '../../random.ts';
import { generateSearches } from '../searches/generate-searches.ts';
import type { CheckContext } from './check.ts';

export interface SearchOptions {
  /** The number of searches of each kind that are drawn for a type. */
  readonly perKind: number;
  readonly seed: number;
}

/** While one server answers a search, the other answers one of another type. */
const typesAtOnce = 4;

/**
 * Sends the same searches to Bulkhead and to the server, and compares the ids that each finds. The server answers each
 * parameter alone, since it rejects lists of dates and most repeated dates. The expected result of a list or of two
 * parameters follows from these answers: by FHIR (https://hl7.org/fhir/R4/search.html#combining) a list is their union,
 * and two parameters are their intersection.
 */
export async function checkSearches(
  context: CheckContext,
  options: SearchOptions & { readonly connectionId: string; readonly types: readonly string[] },
): Promise<void> {
  const { api, report, server, served } = context;
  const { connectionId, types, perKind, seed } = options;
  const offeredByType = await server.searchParameters();
  const statedByType = readParameters(await api.readFhir(`${api.fhirUrl(connectionId)}/metadata`));
  const searchIds = createSearch(server);
  const patientIds = new Set((await served('Patient')).keys());
  const isServed = async (target: string) => {
    const [targetType = '', id = ''] = target.split('/');
    return (await served(targetType)).has(id);
  };
  const checkType = async (type: string, index: number) => {
    const resources = await served(type);
    const offered = offeredByType.get(type) ?? new Set();
    // Each type has its own seed, so that its searches do not depend on the data of other types.
    const random = createRandom(seed + index);
    const { singles, combined, narrowed } = generateSearches({
      type,
      resources: [...resources.values()],
      offered,
      stated: statedByType.get(type) ?? new Set(),
      perKind,
      random,
    });
    const expectedByQuery = new Map<string, ReadonlySet<string>>();
    for (const { query, targets } of narrowed) {
      // HAPI does not index a reference to a resource that it does not have.
      if ((await Promise.all(targets.map(isServed))).includes(false)) continue;
      const expected = new Set(await searchIds(type, query));
      report.combinedSearch({ type, query, expected, stored: new Set(await api.searchIds(connectionId, type, query)) });
    }
    for (const { name, value } of singles) {
      const query = queryOf([[name, value]]);
      // The same URL, because a translation would hide that the two servers read a parameter differently.
      const served = new Set(await searchIds(type, query));
      const stored = new Set(await api.searchIds(connectionId, type, query));
      const expected = report.search({ type, name, value, resources, patientIds, served, stored });
      expectedByQuery.set(query, expected);
    }
    for (const parameters of combined) {
      const query = queryOf(parameters.map(({ name, values }) => [name, values.join(',')]));
      const stored = new Set(await api.searchIds(connectionId, type, query));
      const [first = new Set<string>(), ...others] = parameters.map(({ name, values }) =>
        unionOf(values.map((value) => expectedByQuery.get(queryOf([[name, value]])))),
      );
      const expected = new Set([...first].filter((id) => others.every((set) => set.has(id))));
      report.combinedSearch({ type, query, expected, stored });
    }
  };
  // The searches of a type follow each other, because the combined ones need the results of the others.
  const waiting = [...types.entries()];
  await Promise.all(
    Array.from({ length: typesAtOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await checkType(next[1], next[0]);
    }),
  );
}

type Search = (type: string, query: string) => Promise<readonly string[]>;

/** Sends each search once. The data do not change meanwhile. */
export function createSearch(server: CheckContext['server']): Search {
  const searches = new Map<string, Promise<readonly string[]>>();
  return (type, query) => {
    const key = `${type}?${query}`;
    const found = searches.get(key) ?? server.searchIds(type, query);
    searches.set(key, found);
    return found;
  };
}

/** Returns the search parameters of R4 that a CapabilityStatement lists for each type. Others have a definition of their own. */
function readParameters(value: unknown): Map<string, ReadonlySet<string>> {
  const { rest } = value as {
    readonly rest: readonly {
      readonly resource: readonly {
        readonly type: string;
        readonly searchParam: readonly { readonly name: string; readonly definition?: string }[];
      }[];
    }[];
  };
  return new Map(
    rest.flatMap(({ resource }) =>
      resource.map(({ type, searchParam }) => {
        const ofR4 = searchParam.filter(({ definition }) => definition === undefined);
        return [type, new Set(ofR4.map(({ name }) => name))] as const;
      }),
    ),
  );
}

function unionOf(sets: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]));
}

function queryOf(parameters: readonly (readonly [name: string, value: string])[]): string {
  return new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
}
