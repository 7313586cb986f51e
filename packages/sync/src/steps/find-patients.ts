import type { Connection } from '@bulkhead/connections';
import { checkPaging, type PagingState, readSearchPage, searchUrl } from '@bulkhead/ehr-client';
import { isResourceId } from '@bulkhead/fhir';
import { syncError } from '../errors.ts';
import type { SyncDeps } from './deps.ts';

/** Some hundred practices. Their ids are in memory while a run is planned, and each has several steps. */
const maxPatients = 200_000;

/**
 * Finds the ids of all patients by search, if the provider says how (`search.patientList`). A plan that fails begins again at the first
 * page, because it has stored nothing.
 */
export async function findPatients(
  { ehr }: Pick<SyncDeps, 'ehr'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  const session = ehr.session(connection);
  const { provider } = session;
  const ids = new Set<string>();
  const parameters = provider.search?.patientList;
  if (!parameters) return ids;
  let url = searchUrl({ connection, provider, resourceType: 'Patient', parameters });
  for (let state: PagingState = { pages: 1 }; ; ) {
    const { entries, nextUrl } = await readSearchPage({ session, url, signal });
    for (const { content } of entries) {
      const { resourceType, id } = (content ?? {}) as { readonly resourceType?: unknown; readonly id?: unknown };
      if (resourceType === 'Patient' && typeof id === 'string' && isResourceId(id)) ids.add(id);
    }
    if (ids.size > maxPatients)
      throw syncError('too-many-patients', {
        message: `The EHR lists more than ${maxPatients} patients. List the patients of the sync, or narrow \`search.patientList\` of the provider.`,
      });
    if (nextUrl === undefined) return ids;
    const checked = checkPaging({ ...state, url, nextUrl });
    if ('error' in checked) throw checked.error;
    state = { pages: state.pages + 1, ...checked };
    url = nextUrl;
  }
}
