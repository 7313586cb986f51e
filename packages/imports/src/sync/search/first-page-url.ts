import { type EhrSession, provenanceOfTarget, searchUrl } from '@bulkhead/ehr';
import { isUncovered } from '@bulkhead/fhir';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';

/**
 * athenahealth compares `_lastUpdated` by the day, and clocks differ. So a day is requested again, and the versions of the resources
 * decide.
 */
const overlapMs = 24 * 60 * 60_000;

/** The URL of the first page of a search: by the patients' ids, and by the changes since the last crawl of this type. */
export async function firstPageUrl(
  deps: SyncDeps<'crawlMarks'>,
  options: {
    readonly step: SyncStep;
    readonly run: SyncRun;
    readonly session: EhrSession;
    readonly search: SyncSearch;
  },
): Promise<string> {
  const { step, session, search } = options;
  const { connection, provider } = session;
  const { resourceType } = search;
  const ids = step.patientIds.join(',');
  if (resourceType === 'Patient') return searchUrl({ connection, provider, resourceType, parameters: { _id: ids } });
  const day = await changedSince(deps, options);
  const parameters = {
    patient: ids,
    ...(day === undefined ? {} : { _lastUpdated: `ge${day}` }),
    ...(asksForProvenance(options) ? { _revinclude: provenanceOfTarget } : {}),
  };
  return searchUrl({ connection, provider, resourceType, parameters });
}

/** A sync of all declared types receives the Provenance of what it finds, because athenahealth has no search for it by patient. */
function asksForProvenance({ run, session, search }: Parameters<typeof firstPageUrl>[1]): boolean {
  const scope = session.grantedScope();
  if (run.request.includeOthers !== true || isUncovered({ scope, resourceType: 'Provenance' })) return false;
  return session.connection.capabilities?.provenanceTypes?.includes(search.resourceType) === true;
}

/** The day from which the changes of the patient of a step are requested. Undefined if everything is requested. */
async function changedSince(
  { store }: SyncDeps<'crawlMarks'>,
  { step, run, search }: { readonly step: SyncStep; readonly run: SyncRun; readonly search: SyncSearch },
): Promise<string | undefined> {
  const { connectionId, patientIds } = step;
  const toDay = (ms: number) => new Date(ms - overlapMs).toISOString().slice(0, 10);
  if (run.request.since !== undefined) return toDay(Date.parse(run.request.since));
  const [patientId = ''] = patientIds;
  const mark = (await store.crawlMarks.find({ connectionId, patientId }))[search.resourceType];
  return mark && toDay(mark.getTime());
}
