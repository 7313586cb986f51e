import { dayShares } from '@bulkhead/ehr/rate-limiter';
import type { BulkExport } from '@bulkhead/imports/export';
import type { ProcessState } from '../processes/process-state.record.ts';
import { ageMs, counted, type Finding, type HealthSubject, hourMs, inWords, ok } from './health-check.ts';
import type { BudgetSnapshot, DataSnapshot } from './health-snapshot.ts';
import { sumOf } from './infrastructure.checks.ts';

type Connections = NonNullable<DataSnapshot['connections']>;

/** The result of the last test of each connection. The report runs no test, because a test costs a token. */
export function checkConnections(connections: Connections): Finding {
  const subjects = connections.flatMap(({ id, needsAuthorization, lastTest }): HealthSubject[] => {
    const subject = { kind: 'connection', id, connectionId: id } as const;
    if (needsAuthorization)
      return [{ ...subject, code: 'authorization-needed', reason: 'its user must authorize it again' }];
    const failed = lastTest?.steps.find((step) => !step.ok);
    if (!lastTest || !failed) return [];
    const { step, message, code, whatToDo } = failed;
    const since = { since: lastTest.endedAt.toISOString() };
    const reason = `${step} failed: ${message ?? code}`;
    // Some messages already say what to do.
    const isComplete = whatToDo === undefined || reason.includes(whatToDo);
    return [{ ...subject, ...since, ...(code && { code }), reason: isComplete ? reason : `${reason} ${whatToDo}` }];
  });
  if (subjects.length === 0) return ok(`${counted(connections.length, 'connection')}. No last test has failed.`);
  return {
    severity: 'critical',
    reason: `${subjects.length} of ${counted(connections.length, 'connection')} cannot be used.`,
    action: 'Fix the cause that its last test found, and test the connection again.',
    subjects,
  };
}

/** Secrets expire and firewalls change within months. `bulkhead doctor` tests every connection. */
export const maxTestAgeMs = 30 * 24 * hourMs;

export function checkConnectionTests(connections: Connections, now: Date): Finding {
  const subjects = connections.flatMap(({ id, createdAt, lastTest }): HealthSubject[] => {
    const since = (lastTest?.endedAt ?? createdAt).toISOString();
    const subject = { kind: 'connection', id, connectionId: id, since } as const;
    if (!lastTest) return [{ ...subject, reason: 'was never tested with its credentials' }];
    const age = ageMs(lastTest.endedAt, now);
    return age > maxTestAgeMs ? [{ ...subject, reason: `was last tested ${inWords(age)} ago` }] : [];
  });
  if (subjects.length === 0) return ok('Every connection was tested in the last 30 days.');
  return {
    severity: 'warning',
    reason: `Connections without a test in the last 30 days: ${subjects.length}.`,
    action: 'Test the connection, or run "bulkhead doctor", which tests them all.',
    subjects,
  };
}

export function checkTokens(processes: readonly ProcessState[]): Finding {
  const refused = sumOf(processes, 'refused-tokens');
  if (refused === 0) return ok('No EHR has refused an access token in the last 15 minutes.');
  return {
    severity: 'critical',
    reason: `Access tokens that an EHR refused in the last 15 minutes: ${refused}.`,
    action: 'Test the connections. The test shows the step that fails, and what to do.',
  };
}

/** Retries hide fewer failures. */
const maxFailedEhrRatio = 0.5;
/** A connection test alone sends three requests. */
export const minFailedEhrRequests = 10;

export function checkEhrRequests(processes: readonly ProcessState[]): Finding {
  const providers = new Set(processes.flatMap(({ counts }) => counts.flatMap(({ provider }) => provider ?? [])));
  const failing = [...providers].flatMap((provider) => {
    const all = sumOf(processes, 'ehr-requests', provider);
    const failed = sumOf(processes, 'failed-ehr-requests', provider);
    const isFailing = failed >= minFailedEhrRequests && failed > maxFailedEhrRatio * all;
    return isFailing ? [`${failed.toLocaleString('en-US')} of ${counted(all, 'request')} to ${provider}`] : [];
  });
  if (failing.length === 0) return ok('Most requests to EHRs succeeded in the last 15 minutes.');
  return {
    severity: 'warning',
    reason: `Failed in the last 15 minutes: ${failing.join(', ')}.`,
    action: 'Look at the status page of the EHR, and test a connection. Failed requests are repeated.',
  };
}

/** A 429 pauses the budget of a client. A 429 for a kick-off only delays that export, because it can be about exports alone. */
export function checkPauses(
  { budgets, exports }: { readonly budgets: readonly BudgetSnapshot[]; readonly exports: readonly BulkExport[] },
  now: Date,
): Finding {
  const paused = budgets.filter(({ pausedMs }) => pausedMs > 0);
  const delayed = exports.filter(
    ({ retrying }) => retrying?.code === 'ehr-throttled' && retrying.nextAttemptAt && retrying.nextAttemptAt > now,
  );
  const subjects = [
    ...paused.map(({ name, pausedMs, pauseReason }): HealthSubject => {
      const why = pauseReason === undefined ? '' : `, because it answered ${pauseReason}`;
      return { kind: 'budget', id: name, reason: `paused for ${inWords(pausedMs)} more${why}` };
    }),
    ...delayed.map(({ id, connectionId, provider }): HealthSubject => {
      return { kind: 'export', id, connectionId, provider, reason: 'waits, because the EHR wants fewer requests' };
    }),
  ];
  if (subjects.length === 0) return ok('No EHR has asked for a pause.');
  return {
    severity: 'warning',
    reason: `Request budgets that an EHR has paused: ${paused.length}. Exports that it has delayed: ${delayed.length}.`,
    action: 'Wait. If pauses continue, stop other programs that use the same client id, or give them their own.',
    subjects,
  };
}

/** Little is left for a busy day. */
export const maxUsedRatio = 0.9;
/** The rate limiter stops polls here, so the ends of exports are not noticed. */
export const stoppedRatio = dayShares.poll;
const inPercent = (share: number) => `${Math.round(share * 100)} %`;

export function checkBudget(budgets: readonly BudgetSnapshot[]): Finding {
  const used = budgets.filter(({ dayRatio }) => dayRatio > maxUsedRatio);
  if (used.length === 0) return ok('No request budget is used to more than 90 %.');
  return {
    severity: used.some(({ dayRatio }) => dayRatio >= stoppedRatio) ? 'critical' : 'warning',
    reason: `Request budgets of which more than 90 % is used: ${used.length}. At ${inPercent(dayShares.crawl)} syncs and new exports wait, at ${inPercent(dayShares.poll)} status requests, and at ${inPercent(dayShares.download)} downloads.`,
    action: 'Pause sync schedules for today. Use bulk exports instead of syncs, or ask the EHR for a higher limit.',
    subjects: used.map(({ name, dayRatio }) => {
      return { kind: 'budget', id: name, reason: `${Math.round(dayRatio * 100)} % used in 24 hours` };
    }),
  };
}
