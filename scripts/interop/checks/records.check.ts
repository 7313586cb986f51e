import { compartmentParameters } from '../searches/compartment-parameters.ts';
import { readSearch } from '../searches/read-search.ts';
import type { CheckContext } from './check.ts';
import { createSearch } from './searches.check.ts';

/** Patients whose records are compared. Each costs the server a few seconds. */
const maxPatients = 12;

/**
 * Compares the searches in the records of patients with what the server finds by the parameters of the compartment, and the set of `$everything`
 * with that of the server. HAPI also returns what the record refers to, and what that refers to, such as the Encounter of another patient, and
 * Groups, which list other patients. Bulkhead returns the compartment without Groups, so only
 * that part of HAPI's set is compared. HAPI leaves out Lists, which are in R4's compartment by `subject` and `source`.
 */
export async function checkRecords(
  { api, report, server, served }: CheckContext,
  { connectionId, types }: { readonly connectionId: string; readonly types: readonly string[] },
): Promise<void> {
  const fhirUrl = api.fhirUrl(connectionId);
  const offeredByType = await server.searchParameters();
  const searchIds = createSearch(server);
  const read = (url: string) => api.readFhir(url);
  const statement = (await api.readFhir(`${fhirUrl}/metadata`)) as Statement;
  const listed = statement.rest.flatMap(({ resource }) => resource);
  const inRecord = (type: string) =>
    type !== 'Binary' &&
    listed.some((each) => each.type === type && each.searchParam.some(({ name }) => name === 'patient'));
  for (const id of [...(await served('Patient')).keys()].sort().slice(0, maxPatients)) {
    const compartment = new Set<string>();
    for (const type of types.filter(inRecord)) {
      const offered = offeredByType.get(type) ?? new Set<string>();
      const ofServer = await compartmentOf({ searchIds, type, id, offered });
      if (ofServer.size === 0 && !offered.has('patient') && type !== 'Patient') continue;
      if (type !== 'Group') for (const found of ofServer) compartment.add(`${type}/${found}`);
      const found = await readSearch(`${fhirUrl}/Patient/${id}/${type}?_count=100`, read);
      const actual = [...found.matches].sort();
      report.fact({ what: `Patient/${id}/${type}`, expected: [...ofServer].sort(), actual });
    }
    const everything = await server.search(`Patient/${id}/$everything?`);
    const own = await readSearch(`${fhirUrl}/Patient/${id}/$everything?_count=50`, read);
    const ofServer = [...everything.references, ...everything.included];
    const expected = new Set(ofServer.filter((reference) => compartment.has(reference)));
    const actual = new Set(own.references);
    const missing = [...expected].filter((reference) => !actual.has(reference));
    const extra = [...actual].filter((reference) => !expected.has(reference) && !reference.startsWith('List/'));
    report.fact({
      what: `Patient/${id}/$everything`,
      expected: { missing: [], extra: [] },
      actual: { missing, extra },
    });
  }
}

/** What the server has of a type in the compartment of a patient. */
async function compartmentOf(options: {
  readonly searchIds: ReturnType<typeof createSearch>;
  readonly type: string;
  readonly id: string;
  readonly offered: ReadonlySet<string>;
}): Promise<ReadonlySet<string>> {
  const { searchIds, type, id, offered } = options;
  const names = (compartmentParameters[type] ?? '').split(' ').filter((name) => offered.has(name));
  const found = await Promise.all(names.map((name) => searchIds(type, `${name}=Patient/${id}`)));
  // A Patient is in its own compartment.
  return new Set([...found.flat(), ...(type === 'Patient' ? [id] : [])]);
}

interface Statement {
  readonly rest: readonly {
    readonly resource: readonly { readonly type: string; readonly searchParam: readonly { readonly name: string }[] }[];
  }[];
}
