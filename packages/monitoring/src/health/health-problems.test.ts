import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { expect, test } from '@jest/globals';
import { ago, healthy, judge, makeProcess, now } from './checks.fixture.ts';
import { judgeData, judgeProcesses, maxDataAgeMs, toReport } from './checks.ts';
import { hourMs } from './health-check.ts';
import type { HealthSnapshot } from './health-snapshot.ts';

const problemsOf = (snapshot: Partial<HealthSnapshot>) => judge({ ...healthy, ...snapshot }, now).problems;
const runs = { newest: [], failed: [], active: [] };
const refused = { code: 'token-refused' as const, message: 'The EHR refused the client secret. Update it.' };
const connection = { id: 'conn_1', name: 'Practice 1', createdAt: ago(hourMs) };
const lastTest = (ok: boolean, endedAt = ago(hourMs)) => ({
  id: 't',
  ok,
  endedAt,
  steps: [{ step: 'token' as const, ok, durationMs: 3, ...(ok ? {} : refused) }],
});
const ended = { connectionId: connection.id, phase: 'failed' as const, error: refused, completedAt: ago(2 * hourMs) };
const failedExport = makeBulkExport(ended);
const failedSync = makeSyncRun({ ...ended, completedAt: ago(3 * hourMs) });
const refusedTokens = makeProcess({
  sweptAt: now,
  counts: [{ name: 'refused-tokens', count: 4, provider: 'athenahealth' }],
});

test('a wrong secret is one problem, with every run that failed for it', () => {
  const problems = problemsOf({
    connections: [{ ...connection, lastTest: lastTest(false) }],
    exports: { ...runs, newest: [failedExport] },
    syncRuns: { ...runs, newest: [failedSync] },
    processes: [refusedTokens, makeProcess({ id: 'p2', kind: 'api' })],
  });
  expect(problems).toMatchObject([
    {
      severity: 'critical',
      title: 'Practice 1: the EHR refuses the credentials',
      reason:
        'The last test failed, 1 export failed, 1 sync failed. Access tokens that an EHR refused in the last 15 minutes: 4.',
      checks: ['connections', 'failed-exports', 'failed-syncs', 'tokens'],
      since: failedSync.completedAt?.toISOString(),
    },
  ]);
  expect(problems[0]?.subjects.map(({ kind }) => kind)).toEqual(['connection', 'export', 'sync-run']);
});

test('a test that succeeds disproves that the credentials are wrong, and what has failed is to be retried', () => {
  const { severity, problems } = judge(
    {
      ...healthy,
      connections: [{ ...connection, lastTest: lastTest(true) }],
      exports: { ...runs, newest: [failedExport] },
    },
    now,
  );
  expect([severity, problems.map((problem) => problem.severity)]).toEqual(['warning', ['warning']]);
  expect(problems[0]).toMatchObject({ reason: '1 export failed.', checks: ['failed-exports'] });
  const before = [{ ...connection, lastTest: lastTest(true, ago(4 * hourMs)) }];
  expect(problemsOf({ connections: before, exports: { ...runs, newest: [failedExport] } })[0]?.severity).toBe(
    'critical',
  );
});

test('one cause of many connections is one problem with their number, and another cause is another', () => {
  const error = { code: 'export-timeout' as const, message: 'The export has not ended in time. Retry it.' };
  const ids = Array.from({ length: 206 }, (_, index) => `conn_${index}`);
  const connections = ids.map((id, index) => ({
    ...connection,
    id,
    name: `Practice ${index}`,
    lastTest: lastTest(false, ago((index + 1) * 1000)),
  }));
  const newest = ids.map((connectionId) => makeBulkExport({ ...ended, connectionId }));
  const failed = [makeBulkExport({ ...ended, connectionId: 'conn_3', error, completedAt: ago(hourMs) })];
  const problems = problemsOf({ connections, exports: { ...runs, newest, failed } });
  expect(problems).toMatchObject([
    {
      key: 'credentials',
      severity: 'critical',
      title: '206 connections: the EHR refuses the credentials',
      reason: 'The last test of 206 connections failed, 206 exports failed.',
      connections: 206,
      since: ended.completedAt.toISOString(),
      lastSeen: ago(1000).toISOString(),
    },
    {
      severity: 'warning',
      title: 'Practice 3: The export has not ended in time',
      connections: 1,
      since: ago(hourMs).toISOString(),
    },
  ]);
  expect(problems.map(({ subjects }) => subjects.length)).toEqual([20, 1]);
});

test('each problem has its own time, and a check of a process that of its own failure', () => {
  const problems = problemsOf({
    exports: { ...runs, newest: [failedExport] },
    lags: [{ connectionId: 'conn_1', lagMs: 40 * hourMs, isScheduled: true }],
  });
  expect(problems.map(({ key, since }) => [key, since])).toEqual([
    ['credentials', failedExport.completedAt?.toISOString()],
    ['lag', ago(40 * hourMs).toISOString()],
  ]);
});

test('a check whose data cannot be read keeps its last result, with the time of it', () => {
  const processChecks = judgeProcesses(healthy, now);
  const readAt = ago(maxDataAgeMs + 1);
  const checks = judgeData({ ...healthy, exports: { ...runs, newest: [failedExport] } }, now).map((check) => ({
    ...check,
    readAt: check.id === 'failed-exports' ? readAt : now,
  }));
  const report = toReport({ processChecks, data: { checkedAt: now, checks }, now });
  expect(report.problems).toMatchObject([
    { key: 'credentials', severity: 'critical', asOf: readAt.toISOString() },
    { key: 'unread', severity: 'warning', title: '1 check without new data', since: readAt.toISOString() },
  ]);
  expect(report.checks.filter(({ asOf }) => asOf !== undefined).map(({ id }) => id)).toEqual(['failed-exports']);
});

test('what cannot be read until Redis responds is one line of its problem', () => {
  const problems = problemsOf({ redis: undefined, queues: undefined, failedJobs: undefined, budgets: undefined });
  expect(problems).toHaveLength(1);
  const [problem] = problems;
  expect(problem?.reason).toMatch(/ 5 checks cannot be made until it responds\.$/);
  expect(problem?.checks).toEqual(['redis', 'workers', 'backlog', 'pauses', 'budget', 'failed-jobs']);
});

test('checks without data are one problem if both databases respond', () => {
  expect(problemsOf({ queues: undefined, failedJobs: undefined })).toMatchObject([
    { severity: 'warning', title: '3 checks without data', checks: ['workers', 'backlog', 'failed-jobs'] },
  ]);
});

test('a deployment without a problem has none', () => {
  expect(problemsOf({})).toEqual([]);
});
