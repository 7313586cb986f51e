import { present } from '@bulkhead/base';
import { type BulkExport, lacksData } from '@bulkhead/imports/export';
import { type Schedule, scheduleFault } from '@bulkhead/imports/schedules';
import type { SyncRun } from '@bulkhead/imports/sync';
import { isAboutCredentials } from './finding-group.ts';
import { ageMs, counted, type Finding, type HealthSubject, hourMs, inWords, ok } from './health-check.ts';
import type { DataSnapshot, RunSnapshot } from './health-snapshot.ts';

/** A failure at night must be visible in the morning and in the evening, even if a newer run has succeeded. */
export const failuresShownMs = 24 * hourMs;

const retryAction =
  'Open it, fix the cause that its error describes, and retry it. A retry fetches only what is missing.';

interface EndedRuns<Run> {
  readonly runs: RunSnapshot<Run>;
  readonly connections: NonNullable<DataSnapshot['connections']>;
}

export function checkFailedExports({ runs, connections }: EndedRuns<BulkExport>): Finding {
  const isDisproved = disproofOf(connections);
  const failing = runs.newest.filter((run) => run.phase === 'failed' && !isDisproved(run));
  const incomplete = runs.newest.filter((record) => record.phase === 'completed' && lacksData(record));
  return toFinding({ kind: 'export', noun: 'export', failing, incomplete, failed: failuresOf(runs) });
}

export function checkFailedSyncs({ runs, connections }: EndedRuns<SyncRun>): Finding {
  const isDisproved = disproofOf(connections);
  const failing = runs.newest.filter((run) => run.phase === 'failed' && !isDisproved(run));
  const incomplete = runs.newest.filter(({ phase }) => phase === 'partial');
  return toFinding({ kind: 'sync-run', noun: 'sync', failing, incomplete, failed: failuresOf(runs) });
}

function failuresOf({ newest, failed }: RunSnapshot<BulkExport> | RunSnapshot<SyncRun>): Run[] {
  const ofDay = new Set(failed.map(({ id }) => id));
  return [...failed, ...newest.filter(({ id, phase }) => phase === 'failed' && !ofDay.has(id))];
}

/** Whether the credentials have failed, and a later test of the connection has succeeded with them. */
function disproofOf(connections: EndedRuns<Run>['connections']) {
  const tests = new Map(connections.map(({ id, lastTest }) => [id, lastTest]));
  return ({ connectionId, error, completedAt }: Run): boolean => {
    const lastTest = tests.get(connectionId);
    if (!lastTest?.ok || !completedAt || !error || !isAboutCredentials(error)) return false;
    return lastTest.endedAt > completedAt;
  };
}

type Run = Pick<BulkExport | SyncRun, 'id' | 'connectionId' | 'provider' | 'error' | 'completedAt'>;

function toFinding(options: {
  readonly kind: 'export' | 'sync-run';
  readonly noun: string;
  /** The newest run of its connection has failed, so the connection gets no data. */
  readonly failing: readonly Run[];
  /** The newest run of its connection has completed, but lacks data. */
  readonly incomplete: readonly Run[];
  /** Also failures after which the connection had a newer run, or a test that has succeeded. */
  readonly failed: readonly Run[];
}): Finding {
  const { kind, noun, failing, incomplete, failed } = options;
  const known = new Set([...failing, ...incomplete].map(({ id }) => id));
  const earlier = failed.filter(({ id }) => !known.has(id));
  const subjectsOf = (runs: readonly Run[], text: string, severity: 'warning' | 'critical' = 'warning') =>
    runs.map(({ id, connectionId, provider, error, completedAt }): HealthSubject => {
      const since = completedAt && { since: completedAt.toISOString() };
      const subject = { kind, id, connectionId, provider, severity, ...since };
      return error
        ? { ...subject, reason: `${text}: ${error.message}`, code: error.code }
        : { ...subject, reason: text };
    });
  const subjects = [
    ...subjectsOf(failing, 'failed', 'critical'),
    ...subjectsOf(incomplete, 'lacks data'),
    ...subjectsOf(earlier, 'failed earlier'),
  ];
  if (subjects.length === 0) return ok(`The newest ${noun} of each connection has not failed.`);
  const reasons = [
    failing.length > 0 ? [`The newest ${noun} of ${counted(failing.length, 'connection')} failed.`] : [],
    incomplete.length > 0 ? [`The newest ${noun} of ${counted(incomplete.length, 'connection')} lacks data.`] : [],
    earlier.length > 0 ? [`Earlier failures: ${earlier.length}.`] : [],
  ];
  const severity = failing.length > 0 ? 'critical' : 'warning';
  return { severity, reason: reasons.flat().join(' '), action: retryAction, subjects };
}

/** A nightly export that has not ended after a day overlaps with the next one. */
export const maxExportMs = 24 * hourMs;
/** The first sync of a large practice uses the request budget of several days. Later syncs take hours. */
export const maxSyncMs = 3 * 24 * hourMs;

export function checkLateRuns(
  { exports, syncRuns }: { readonly exports: readonly BulkExport[]; readonly syncRuns: readonly SyncRun[] },
  now: Date,
): Finding {
  const late = (kind: 'export' | 'sync-run', runs: readonly (BulkExport | SyncRun)[], maxAgeMs: number) =>
    runs.flatMap(({ id, connectionId, provider, createdAt, retriedAt }): HealthSubject[] => {
      const startedAt = retriedAt ?? createdAt;
      const age = ageMs(startedAt, now);
      if (age <= maxAgeMs) return [];
      const since = startedAt.toISOString();
      return [{ kind, id, connectionId, provider, since, reason: `has run for ${inWords(age)}` }];
    });
  const subjects = [...late('export', exports, maxExportMs), ...late('sync-run', syncRuns, maxSyncMs)];
  if (subjects.length === 0) return ok('No export has run for more than a day, and no sync for more than 3 days.');
  return {
    severity: 'warning',
    reason: `Exports and syncs that should have ended: ${subjects.length}.`,
    action: 'Open it to see what it waits for. If the EHR makes no progress, cancel it and start it again.',
    subjects,
  };
}

/** The sweep starts a missed run within a minute. Twice the longest sweep, as for `maxSweepAgeMs`. */
export const maxOverdueMs = 10 * 60_000;

export function checkSchedules(schedules: readonly Schedule[], now: Date): Finding {
  const toSubject = ({ id, connectionId, nextRunAt, lastRun }: Schedule, reason: string): HealthSubject => {
    const missedAt = nextRunAt < now ? nextRunAt : lastRun?.at;
    return { kind: 'schedule', id, connectionId, reason, ...present({ since: missedAt?.toISOString() }) };
  };
  const faulty = schedules.flatMap((schedule) => {
    const fault = scheduleFault(schedule);
    return fault === undefined ? [] : [toSubject(schedule, fault)];
  });
  const missed = schedules.filter(({ nextRunAt }) => ageMs(nextRunAt, now) > maxOverdueMs);
  const failed = schedules.filter(({ lastRun }) => lastRun?.outcome === 'failed');
  const skipped = schedules.filter(({ lastRun }) => lastRun?.outcome === 'skipped-overlap');
  const subjects = [
    ...faulty,
    ...missed.map((schedule) => toSubject(schedule, `was due ${inWords(ageMs(schedule.nextRunAt, now))} ago`)),
    ...failed.map((schedule) => ({
      ...toSubject(schedule, 'its last run did not start'),
      ...present({ code: schedule.lastRun?.reason }),
    })),
    ...skipped.map((schedule) => toSubject(schedule, 'its last run was skipped, because the run before it was active')),
  ];
  if (subjects.length === 0) return ok(`${counted(schedules.length, 'active schedule')}. None has missed a run.`);
  return {
    severity: faulty.length > 0 || missed.length > 0 || failed.length > 0 ? 'critical' : 'warning',
    reason: `${counted(subjects.length, 'schedule')} did not start a run that was due, or cannot plan the next one.`,
    action:
      'Check that a worker serves the queue maintenance, and follow the advice of the failed schedule. Then start the schedule by hand, with "Run now".',
    subjects,
  };
}

/** A nightly schedule keeps the lag under a day and a half: a day, and half a day for the export. */
export const maxLagMs = 36 * hourMs;
/** Three nights in a row have brought nothing. */
export const criticalLagMs = 3 * 24 * hourMs;

export function checkLag(lags: NonNullable<DataSnapshot['lags']>, now: Date): Finding {
  // Without a schedule, nothing says how current a connection should be.
  const late = lags
    .filter(({ isScheduled, lagMs }) => isScheduled && lagMs > maxLagMs)
    .toSorted((left, right) => right.lagMs - left.lagMs);
  const [worst] = late;
  if (!worst) return ok('Every connection with a schedule is less than 36 hours behind its EHR.');
  return {
    severity: worst.lagMs > criticalLagMs ? 'critical' : 'warning',
    reason: `Connections that are more than 36 hours behind the EHR: ${late.length}.`,
    action: 'Check the last run of its schedules, and fix the cause. If a schedule is not daily, this is expected.',
    subjects: late.map(({ connectionId: id, lagMs }) => {
      const since = new Date(now.getTime() - lagMs).toISOString();
      return { kind: 'connection', id, connectionId: id, since, reason: `${inWords(lagMs)} behind` };
    }),
  };
}
