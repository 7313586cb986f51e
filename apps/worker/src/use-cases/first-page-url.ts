import type { Connection, SyncRun, SyncStep } from '@bulkhead/domain';
import { type EhrSession, searchUrl } from '@bulkhead/ehr-client';
import type { UseCaseDeps } from './deps.ts';

/** `_lastUpdated` is day-granular at athenahealth, and clocks differ: a day is asked for again, and the versions sort it out. */
const overlapMs = 24 * 60 * 60_000;

/** Where a search of a step starts: by the patient's id, and by what changed since the last crawl of this type. */
export async function firstPageUrl(
  { store }: UseCaseDeps,
  options: {
    readonly step: SyncStep;
    readonly run: SyncRun;
    readonly connection: Connection;
    readonly session: EhrSession;
    readonly resourceType: string;
  },
): Promise<string> {
  const { step, run, connection, session, resourceType } = options;
  const { connectionId, patientIds } = step;
  const [first = ''] = patientIds;
  if (resourceType === 'Patient') {
    // No `_lastUpdated`: the list is one request anyway, and each patient has a mark of their own.
    return searchUrl({
      connection,
      provider: session.provider,
      resourceType,
      parameters: { _id: patientIds.join(',') },
    });
  }
  const mark = (await store.crawlMarks.find({ connectionId, patientId: first }))[resourceType];
  const since = run.request.since === undefined ? mark : new Date(run.request.since);
  const day = since && new Date(since.getTime() - overlapMs).toISOString().slice(0, 10);
  const parameters = { patient: first, ...(day === undefined ? {} : { _lastUpdated: `ge${day}` }) };
  return searchUrl({ connection, provider: session.provider, resourceType, parameters });
}
