import { type EhrSession, searchUrl } from '@bulkhead/ehr';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncStep } from '../sync-step.record.ts';
import type { SyncDeps } from './deps.ts';
import type { Search } from './step-searches.ts';

/**
 * athenahealth compares `_lastUpdated` by the day, and clocks differ. So a day is requested again, and the versions of the resources
 * decide.
 */
const overlapMs = 24 * 60 * 60_000;

/** The URL of the first page of a search: by the patients' ids, and by the changes since the last crawl of this type. */
export async function firstPageUrl(
  deps: SyncDeps,
  options: {
    readonly step: SyncStep;
    readonly run: SyncRun;
    readonly session: EhrSession;
    readonly search: Search;
  },
): Promise<string> {
  const { step, session, search } = options;
  const { connection, provider } = session;
  const { resourceType } = search.lead;
  const ids = step.patientIds.join(',');
  const isSweep = step.patientIds.length === 0;
  if (isSweep || resourceType !== 'Patient') {
    const day = await changedSince(deps, options);
    const parameters = {
      ...(isSweep ? {} : { patient: ids }),
      ...(day === undefined ? {} : { _lastUpdated: `ge${day}` }),
    };
    return searchUrl({ connection, provider, resourceType, parameters });
  }
  // `_lastUpdated` is left out, because it would narrow the patients and not the carried types.
  const carried = search.carried.map(({ resourceType: type }) => `${type}:patient`);
  const parameters = { _id: ids, _revinclude: carried };
  return searchUrl({ connection, provider, resourceType, parameters });
}

/** The day from which the changes of all the patients of a step are requested. Undefined if everything is requested. */
async function changedSince(
  { store }: SyncDeps,
  { step, run, search }: { readonly step: SyncStep; readonly run: SyncRun; readonly search: Search },
): Promise<string | undefined> {
  const { connectionId, patientIds } = step;
  const toDay = (ms: number) => new Date(ms - overlapMs).toISOString().slice(0, 10);
  if (run.request.since !== undefined) return toDay(Date.parse(run.request.since));
  const { resourceType } = search.lead;
  if (patientIds.length === 0) {
    const oldest = await store.crawlMarks.oldest({ connectionId, resourceType });
    return oldest && toDay(oldest.getTime());
  }
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const patientId of patientIds) {
    const mark = (await store.crawlMarks.find({ connectionId, patientId }))[resourceType];
    if (!mark) return undefined;
    oldestMs = Math.min(oldestMs, mark.getTime());
  }
  return toDay(oldestMs);
}
