import { type EhrSession, searchUrl } from '@bulkhead/ehr-client';
import type { SyncRun } from '../sync-run.record.ts';
import type { SyncStep } from '../sync-step.record.ts';
import type { SyncDeps } from './deps.ts';
import type { Search } from './step-searches.ts';

/** `_lastUpdated` is day-granular at athenahealth, and clocks differ: a day is asked for again, and the versions sort it out. */
const overlapMs = 24 * 60 * 60_000;

/** Where a search of a step starts: by the patients' ids, and by what changed since the last crawl of this type. */
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
  if (resourceType !== 'Patient') {
    const day = await changedSince(deps, options);
    const parameters = { patient: ids, ...(day === undefined ? {} : { _lastUpdated: `ge${day}` }) };
    return searchUrl({ connection, provider, resourceType, parameters });
  }
  // No `_lastUpdated`: it would narrow the patients, not what is carried with them.
  const carried = search.carried.map((one) => `${one.resourceType}:patient`);
  const parameters = { _id: ids, _revinclude: carried };
  return searchUrl({ connection, provider, resourceType, parameters });
}

/** The day from which every one of the patients is to be asked for; undefined: from the beginning. */
async function changedSince(
  { store }: SyncDeps,
  { step, run, search }: { readonly step: SyncStep; readonly run: SyncRun; readonly search: Search },
): Promise<string | undefined> {
  const { connectionId, patientIds } = step;
  const toDay = (ms: number) => new Date(ms - overlapMs).toISOString().slice(0, 10);
  if (run.request.since !== undefined) return toDay(Date.parse(run.request.since));
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const patientId of patientIds) {
    const mark = (await store.crawlMarks.find({ connectionId, patientId }))[search.lead.resourceType];
    if (!mark) return undefined;
    oldestMs = Math.min(oldestMs, mark.getTime());
  }
  return toDay(oldestMs);
}
