import type { Connection } from '@bulkhead/connections';
import { checkPaging, type PagingState, readSearchPage, searchUrl } from '@bulkhead/ehr';
import { isResourceId } from '@bulkhead/fhir';
import { syncError } from '../errors.ts';
import { countMatches, type SearchMatches } from '../seen-matches.ts';
import type { SyncDeps } from '../sync-deps.ts';

/** Some hundred practices. Their ids are in memory while a run is planned, and each has several steps. */
const maxPatients = 200_000;

/** Patients are added and removed every few minutes at most, and a pass takes seconds to minutes. */
const maxPasses = 3;

/**
 * Finds the ids of all patients by search, if the provider says how (`search.patientList`). A plan that fails begins again at the first
 * page, because it has stored nothing. If the data moved while its pages were read, a patient can be on none of them, so they are read again.
 */
export async function findPatients(
  { ehr }: Pick<SyncDeps<never>, 'ehr'>,
  { connection, signal }: { readonly connection: Connection; readonly signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  const session = ehr.session(connection);
  const { provider } = session;
  const ids = new Set<string>();
  const parameters = provider.search?.patientList;
  if (!parameters) return ids;
  const url = searchUrl({ connection, provider, resourceType: 'Patient', parameters });
  for (let pass = 1; pass <= maxPasses; pass++) if (await readPages({ session, url, signal, ids })) return ids;
  throw syncError('patients-moved');
}

/** Adds the ids of all pages. @returns whether every match was on a page */
async function readPages(
  options: Omit<Parameters<typeof readSearchPage>[0], 'onLarge'> & { readonly ids: Set<string> },
): Promise<boolean> {
  const { session, signal, ids } = options;
  let { url } = options;
  for (let state: PagingState & SearchMatches = { pages: 1, matched: 0 }; ; ) {
    const page = await readSearchPage({ session, url, signal });
    for (const { content } of page.entries) {
      const { resourceType, id } = (content ?? {}) as { readonly resourceType?: unknown; readonly id?: unknown };
      if (resourceType === 'Patient' && typeof id === 'string' && isResourceId(id)) ids.add(id);
    }
    if (ids.size > maxPatients)
      throw syncError('too-many-patients', {
        message: `The EHR lists more than ${maxPatients} patients. List the patients of the sync, or narrow \`search.patientList\` of the provider.`,
      });
    const { nextUrl } = page;
    const matches = countMatches(state, page);
    if (nextUrl === undefined) return !matches.hasMoved && matches.matched >= (matches.total ?? 0);
    const checked = checkPaging({ ...state, ...matches, url, nextUrl });
    if ('error' in checked) throw checked.error;
    state = { ...state, ...matches, pages: state.pages + 1, ...checked };
    url = nextUrl;
  }
}
