import { createRandom } from '../../random.ts';
import { generateSearches, type SingleSearch } from '../searches/generate-searches.ts';
import { serverParameters } from '../searches/server-parameters.ts';
import type { CheckContext } from './check.ts';

export interface SearchOptions {
  /** How many searches of each kind are drawn for a type. */
  readonly perKind: number;
  readonly seed: number;
}

/**
 * Asks Bulkhead and the server the same searches, and compares the ids that each finds. The server answers each parameter alone, since
 * it refuses lists of dates and most repeated dates. What a list or two parameters must find follows from these answers: by FHIR
 * (https://hl7.org/fhir/R4/search.html#combining) a list is their union, and two parameters are their intersection.
 */
export async function checkSearches(
  context: CheckContext,
  options: SearchOptions & { readonly connectionId: string; readonly types: readonly string[] },
): Promise<void> {
  const { api, report, server, served } = context;
  const { connectionId, types, perKind, seed } = options;
  const offeredByType = await server.searchParameters();
  const patientIds = new Set((await served('Patient')).keys());
  for (const [index, type] of types.entries()) {
    const resources = await served(type);
    const offered = offeredByType.get(type) ?? new Set();
    // A seed by type, so that the searches for a type do not depend on the data of another.
    const random = createRandom(seed + index);
    const { singles, combined } = generateSearches({
      type,
      resources: [...resources.values()],
      offered,
      perKind,
      random,
    });
    const expectedByQuery = new Map<string, ReadonlySet<string>>();
    for (const { name, value } of singles) {
      const query = queryOf([[name, value]]);
      const found = await askServer(server, { type, name, value, offered });
      const stored = new Set(await api.searchIds(connectionId, type, query));
      const expected = report.search({ type, name, value, resources, patientIds, served: found, stored });
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
  }
}

/** What the server finds, by all of the parameters that it has in the place of Bulkhead's. */
async function askServer(
  server: CheckContext['server'],
  search: SingleSearch & { readonly type: string; readonly offered: ReadonlySet<string> },
): Promise<ReadonlySet<string>> {
  const { type, name, value } = search;
  const id = value.replace('Patient/', '');
  const asked = name === 'patient' ? `Patient/${id}` : value;
  const parameters = serverParameters(search);
  const found = new Set<string>();
  const earlier = new Set<string>();
  for (const parameter of parameters) {
    const ids = await server.searchIds(type, queryOf([[parameter, asked]]));
    for (const one of ids.filter((one) => !earlier.has(one))) found.add(one);
    // A second date counts for resources that lack the first.
    if (name !== 'date' || parameters.length === 1) continue;
    for (const one of await server.searchIds(type, queryOf([[parameter, 'lt9999']]))) earlier.add(one);
  }
  // A Patient is in its own compartment.
  if (name === 'patient' && type === 'Patient')
    for (const one of await server.searchIds(type, `_id=${id}`)) found.add(one);
  return found;
}

function unionOf(sets: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...(set ?? [])]));
}

function queryOf(parameters: readonly (readonly [name: string, value: string])[]): string {
  return new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
}
