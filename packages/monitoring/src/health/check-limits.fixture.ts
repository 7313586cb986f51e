import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { maxSilenceMs } from '../processes/process-state.record.ts';
import { ago, makeProcess, makeQueue, now, receiver } from './checks.fixture.ts';
import type { healthChecks } from './checks.ts';
import { maxDocumentsPerHour, maxLinesPerHour, maxUndeliveredMs } from './data.checks.ts';
import { maxTestAgeMs, maxUsedRatio, minFailedEhrRequests, stoppedRatio } from './ehr.checks.ts';
import { hourMs } from './health-check.ts';
import type { HealthSnapshot } from './health-snapshot.ts';
import { maxSkewMs, maxSweepAgeMs, minFailedRequests } from './infrastructure.checks.ts';
import { maxFailedJobs, maxQuickWaitMs, maxSlowWaitMs } from './queue.checks.ts';
import { criticalLagMs, maxExportMs, maxLagMs, maxOverdueMs, maxSyncMs } from './run.checks.ts';

export type CheckId = keyof typeof healthChecks;

export const runs = { newest: [], failed: [], active: [] };
const counts = (values: Readonly<Record<string, number>>, provider?: string) =>
  makeProcess({
    counts: Object.entries(values).map(([name, count]) => {
      return { name: name as 'stalls', count, ...(provider === undefined ? {} : { provider }) };
    }),
  });
export const connection = { id: 'conn_1', name: 'Practice 1', createdAt: ago(hourMs) };
export const testOf = (ok: boolean, ageMs: number) => ({
  id: 't',
  ok,
  endedAt: ago(ageMs),
  steps: [
    { step: 'token' as const, ok, durationMs: 3, ...(ok ? {} : { message: 'Rejected.', whatToDo: 'Update it.' }) },
  ],
});
const budget = { name: 'athenahealth.production', dayRatio: 0, pausedMs: 0, pauseReason: undefined };
export const failedExport = makeBulkExport({
  id: 'job_1',
  phase: 'failed',
  error: { code: 'export-timeout', message: 'm' },
});
const delayedExport = (nextAttemptAt: Date) =>
  makeBulkExport({
    createdAt: now,
    retrying: {
      state: 'waiting',
      code: 'ehr-throttled',
      message: 'The EHR asked for fewer requests.',
      attempts: 1,
      since: ago(hourMs),
      nextAttemptAt,
    },
  });
export const line = (ageMs: number) => ({ connectionId: 'conn_1', reason: 'not-json', createdAt: ago(ageMs) });
export const document = (ageMs: number) => ({
  connectionId: 'conn_1',
  completedAt: ago(ageMs),
  error: { code: 'ehr-forbidden' },
});

/** The worst snapshot that a check accepts, and the first one that it does not. */
export const limits: readonly {
  readonly id: CheckId;
  readonly what: string;
  readonly ok: Partial<HealthSnapshot>;
  readonly bad: Partial<HealthSnapshot>;
  readonly severity: 'warning' | 'critical';
}[] = [
  { id: 'redis', what: 'no answer', ok: {}, bad: { redis: undefined }, severity: 'critical' },
  { id: 'redis', what: 'a refusal', ok: {}, bad: { redis: { faults: [], error: 'OOM' } }, severity: 'critical' },
  { id: 'redis', what: 'a setting', ok: {}, bad: { redis: { faults: ['Evicts.'] } }, severity: 'warning' },
  { id: 'mongodb', what: 'no answer', ok: {}, bad: { mongodb: undefined }, severity: 'critical' },
  {
    id: 'mongodb',
    what: 'its clock',
    severity: 'warning',
    ok: { mongodb: { version: '8', skewMs: maxSkewMs } },
    bad: { mongodb: { version: '8', skewMs: maxSkewMs + 1 } },
  },
  {
    id: 'network',
    what: 'an exposed server',
    severity: 'warning',
    ok: {},
    bad: { configuration: { exposed: ['Redis has no password.'], encryptionKeySource: 'x' } },
  },
  {
    id: 'workers',
    what: 'a queue without a worker',
    severity: 'critical',
    ok: { queues: [makeQueue()] },
    bad: { queues: [makeQueue(), makeQueue({ workers: 0 })] },
  },
  {
    id: 'workers',
    what: 'a paused queue',
    severity: 'critical',
    ok: { queues: [makeQueue()] },
    bad: { queues: [makeQueue(), makeQueue({ isPaused: true })] },
  },
  { id: 'sweep', what: 'no schedule', ok: {}, bad: { isSweepScheduled: false }, severity: 'critical' },
  { id: 'sweep', what: 'no worker', ok: {}, bad: { processes: [makeProcess({ kind: 'api' })] }, severity: 'critical' },
  {
    id: 'sweep',
    what: 'the last sweep of all workers',
    severity: 'critical',
    ok: { processes: [makeProcess({ sweptAt: ago(maxSweepAgeMs) }), makeProcess({ sweptAt: ago(2 * maxSweepAgeMs) })] },
    bad: { processes: [makeProcess({ sweptAt: ago(maxSweepAgeMs + 1) })] },
  },
  {
    id: 'sweep',
    what: 'the first sweep',
    severity: 'critical',
    ok: { processes: [makeProcess({ startedAt: ago(maxSweepAgeMs) })] },
    bad: { processes: [makeProcess({ startedAt: ago(maxSweepAgeMs + 1) }), makeProcess({ startedAt: now })] },
  },
  {
    id: 'processes',
    what: 'a silent process',
    severity: 'warning',
    ok: { processes: [makeProcess({ reportedAt: ago(maxSilenceMs) })] },
    bad: { processes: [makeProcess({ reportedAt: ago(maxSilenceMs + 1) })] },
  },
  {
    id: 'processes',
    what: 'a process that is not ready',
    severity: 'warning',
    ok: { processes: [makeProcess({ isStopped: true, reportedAt: ago(hourMs), down: ['redis'] })] },
    bad: { processes: [makeProcess({ down: ['redis'] })] },
  },
  { id: 'event-loop', what: 'a stall', ok: {}, bad: { processes: [counts({ stalls: 1 })] }, severity: 'warning' },
  {
    id: 'api-errors',
    what: 'the ratio',
    severity: 'warning',
    ok: { processes: [counts({ requests: 200, 'failed-requests': 10 })] },
    bad: {
      processes: [counts({ requests: 100, 'failed-requests': 5 }), counts({ requests: 99, 'failed-requests': 5 })],
    },
  },
  {
    id: 'api-errors',
    what: 'the number',
    severity: 'warning',
    ok: { processes: [counts({ requests: 5, 'failed-requests': minFailedRequests - 1 })] },
    bad: { processes: [counts({ requests: 5, 'failed-requests': minFailedRequests })] },
  },
  {
    id: 'audit-stream',
    what: 'a dropped line',
    severity: 'warning',
    ok: {},
    bad: { processes: [counts({ 'dropped-audit-lines': 1 })] },
  },
  {
    id: 'backlog',
    what: 'a job that takes seconds',
    severity: 'critical',
    ok: { queues: [makeQueue({ queue: 'webhook', oldestMs: maxQuickWaitMs })] },
    bad: { queues: [makeQueue({ queue: 'webhook', oldestMs: maxQuickWaitMs + 1 })] },
  },
  {
    id: 'backlog',
    what: 'a job that takes hours',
    severity: 'warning',
    ok: { queues: [makeQueue({ oldestMs: maxSlowWaitMs })] },
    bad: { queues: [makeQueue({ oldestMs: maxSlowWaitMs + 1 })] },
  },
  {
    id: 'failed-jobs',
    what: 'a kind of job',
    severity: 'warning',
    ok: { failedJobs: new Map(Object.entries({ 'webhook.notify': maxFailedJobs, 'connection.test': 99 })) },
    bad: { failedJobs: new Map([['webhook.notify', maxFailedJobs + 1]]) },
  },
  {
    id: 'failed-exports',
    what: 'the newest export of a connection',
    severity: 'critical',
    ok: { exports: { ...runs, newest: [makeBulkExport({ phase: 'completed' })] } },
    bad: { exports: { ...runs, newest: [failedExport] } },
  },
  {
    id: 'failed-exports',
    what: 'an earlier export',
    severity: 'warning',
    ok: {},
    bad: { exports: { ...runs, failed: [failedExport] } },
  },
  {
    id: 'failed-exports',
    what: 'an export that lacks data',
    severity: 'warning',
    ok: {},
    bad: { exports: { ...runs, newest: [makeBulkExport({ phase: 'completed', isPartial: true })] } },
  },
  {
    id: 'failed-syncs',
    what: 'the newest sync of a connection',
    severity: 'critical',
    ok: { syncRuns: { ...runs, newest: [makeSyncRun({ phase: 'completed' })] } },
    bad: { syncRuns: { ...runs, newest: [makeSyncRun({ phase: 'failed' })] } },
  },
  {
    id: 'failed-syncs',
    what: 'a partial sync',
    severity: 'warning',
    ok: {},
    bad: { syncRuns: { ...runs, newest: [makeSyncRun({ phase: 'partial' })] } },
  },
  {
    id: 'failed-syncs',
    what: 'an earlier sync',
    severity: 'warning',
    ok: {},
    bad: { syncRuns: { ...runs, failed: [makeSyncRun({ phase: 'failed' })] } },
  },
  {
    id: 'late-runs',
    what: 'an export',
    severity: 'warning',
    ok: { exports: { ...runs, active: [makeBulkExport({ createdAt: ago(maxExportMs) })] } },
    bad: { exports: { ...runs, active: [makeBulkExport({ createdAt: ago(maxExportMs + 1) })] } },
  },
  {
    id: 'late-runs',
    what: 'a retried export',
    severity: 'warning',
    ok: { exports: { ...runs, active: [makeBulkExport({ createdAt: ago(99 * maxExportMs), retriedAt: now })] } },
    bad: { exports: { ...runs, active: [makeBulkExport({ createdAt: ago(99 * maxExportMs) })] } },
  },
  {
    id: 'late-runs',
    what: 'a sync',
    severity: 'warning',
    ok: { syncRuns: { ...runs, active: [makeSyncRun({ createdAt: ago(maxSyncMs) })] } },
    bad: { syncRuns: { ...runs, active: [makeSyncRun({ createdAt: ago(maxSyncMs + 1) })] } },
  },
  {
    id: 'late-runs',
    what: 'a retried sync',
    severity: 'warning',
    ok: { syncRuns: { ...runs, active: [makeSyncRun({ createdAt: ago(99 * maxSyncMs), retriedAt: now })] } },
    bad: { syncRuns: { ...runs, active: [makeSyncRun({ createdAt: ago(99 * maxSyncMs) })] } },
  },
  {
    id: 'schedules',
    what: 'a missed run',
    severity: 'critical',
    ok: { schedules: [makeSchedule({ nextRunAt: ago(maxOverdueMs) })] },
    bad: { schedules: [makeSchedule({ nextRunAt: ago(maxOverdueMs + 1) })] },
  },
  {
    id: 'schedules',
    what: 'an unknown time zone',
    severity: 'critical',
    ok: { schedules: [makeSchedule({ nextRunAt: now })] },
    bad: { schedules: [makeSchedule({ nextRunAt: now, timeZone: 'Mars/Olympus' })] },
  },
  {
    id: 'schedules',
    what: 'a run that did not start',
    severity: 'critical',
    ok: { schedules: [makeSchedule({ nextRunAt: now, lastRun: { at: now, outcome: 'started' } })] },
    bad: {
      schedules: [
        makeSchedule({ nextRunAt: now, lastRun: { at: now, outcome: 'failed', reason: 'schedule-request-invalid' } }),
      ],
    },
  },
  {
    id: 'schedules',
    what: 'a skipped run',
    severity: 'warning',
    ok: {},
    bad: { schedules: [makeSchedule({ nextRunAt: now, lastRun: { at: now, outcome: 'skipped-overlap' } })] },
  },
  {
    id: 'lag',
    what: 'a night',
    severity: 'warning',
    ok: { lags: [{ connectionId: 'conn_1', lagMs: maxLagMs, isScheduled: true }] },
    bad: { lags: [{ connectionId: 'conn_1', lagMs: maxLagMs + 1, isScheduled: true }] },
  },
  {
    id: 'lag',
    what: 'three nights',
    severity: 'critical',
    ok: { lags: [{ connectionId: 'conn_1', lagMs: criticalLagMs + 1, isScheduled: false }] },
    bad: { lags: [{ connectionId: 'conn_1', lagMs: criticalLagMs + 1, isScheduled: true }] },
  },
  {
    id: 'connections',
    what: 'a failed test',
    severity: 'critical',
    ok: { connections: [{ ...connection, lastTest: testOf(true, hourMs) }] },
    bad: { connections: [{ ...connection, lastTest: testOf(false, hourMs) }] },
  },
  {
    id: 'connections',
    what: 'an authorization that has ended',
    severity: 'critical',
    ok: {},
    bad: { connections: [{ ...connection, needsAuthorization: true }] },
  },
  {
    id: 'connection-tests',
    what: 'an old test',
    severity: 'warning',
    ok: { connections: [{ ...connection, lastTest: testOf(true, maxTestAgeMs) }] },
    bad: { connections: [{ ...connection, lastTest: testOf(true, maxTestAgeMs + 1) }] },
  },
  { id: 'connection-tests', what: 'no test', ok: {}, bad: { connections: [connection] }, severity: 'warning' },
  {
    id: 'tokens',
    what: 'a refused token',
    severity: 'critical',
    ok: {},
    bad: { processes: [counts({ 'refused-tokens': 1 }, 'athenahealth')] },
  },
  {
    id: 'ehr-requests',
    what: 'the ratio of one provider',
    severity: 'warning',
    ok: {
      processes: [counts({ 'ehr-requests': 20, 'failed-ehr-requests': 10 }, 'a'), counts({ 'ehr-requests': 1 }, 'b')],
    },
    bad: {
      processes: [
        counts({ 'ehr-requests': 10, 'failed-ehr-requests': 6 }, 'a'),
        counts({ 'ehr-requests': 9, 'failed-ehr-requests': 4 }, 'a'),
        counts({ 'ehr-requests': 1000 }, 'b'),
      ],
    },
  },
  {
    id: 'ehr-requests',
    what: 'the number',
    severity: 'warning',
    ok: { processes: [counts({ 'ehr-requests': 9, 'failed-ehr-requests': minFailedEhrRequests - 1 }, 'a')] },
    bad: { processes: [counts({ 'ehr-requests': 10, 'failed-ehr-requests': minFailedEhrRequests }, 'a')] },
  },
  {
    id: 'pauses',
    what: 'a paused budget',
    severity: 'warning',
    ok: { budgets: [budget] },
    bad: { budgets: [budget, { ...budget, pausedMs: 1, pauseReason: '429 Too Many Requests' }] },
  },
  {
    id: 'pauses',
    what: 'a delayed kick-off',
    severity: 'warning',
    ok: { exports: { ...runs, active: [delayedExport(now)] } },
    bad: { exports: { ...runs, active: [delayedExport(new Date(now.getTime() + 1))] } },
  },
  {
    id: 'budget',
    what: 'little left of the day',
    severity: 'warning',
    ok: { budgets: [{ ...budget, dayRatio: maxUsedRatio }] },
    bad: { budgets: [{ ...budget, dayRatio: maxUsedRatio + 0.001 }] },
  },
  {
    id: 'budget',
    what: 'nothing left for downloads',
    severity: 'critical',
    ok: {},
    bad: { budgets: [{ ...budget, dayRatio: stoppedRatio }] },
  },
  { id: 'quarantine', what: 'a line', ok: {}, bad: { quarantine: [line(2 * hourMs)] }, severity: 'warning' },
  {
    id: 'quarantine',
    what: 'many lines in an hour',
    severity: 'critical',
    ok: {},
    bad: { quarantine: Array.from({ length: maxLinesPerHour + 1 }, () => line(hourMs)) },
  },
  { id: 'documents', what: 'a document', ok: {}, bad: { documents: [document(2 * hourMs)] }, severity: 'warning' },
  {
    id: 'documents',
    what: 'many documents in an hour',
    severity: 'critical',
    ok: {},
    bad: { documents: Array.from({ length: maxDocumentsPerHour + 1 }, () => document(hourMs)) },
  },
  { id: 'webhooks', what: 'a failed call', severity: 'warning', ok: {}, bad: { webhooks: [receiver({ failed: 1 })] } },
  {
    id: 'webhooks',
    what: 'a call that is not delivered for an hour',
    severity: 'warning',
    ok: { webhooks: [receiver({ waiting: 1, undeliveredSince: ago(maxUndeliveredMs) })] },
    bad: { webhooks: [receiver({ waiting: 1, undeliveredSince: ago(maxUndeliveredMs + 1) })] },
  },
];
