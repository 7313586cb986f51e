import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { expect, test } from '@jest/globals';
import { ago, healthy, makeProcess, now } from './checks.fixture.ts';
import { judge } from './checks.ts';
import { hourMs } from './health-check.ts';
import type { HealthSnapshot } from './health-snapshot.ts';

const problemsOf = (snapshot: Partial<HealthSnapshot>) => judge({ ...healthy, ...snapshot }, now).problems;
const runs = { newest: [], failed: [], active: [] };
const refused = { code: 'token-refused' as const, message: 'The EHR refused the client secret. Update it.' };
const connection = { id: 'conn_1', name: 'Practice 1', createdAt: ago(hourMs) };
const lastTest = (ok: boolean, endedAt = ago(hourMs)) => ({
  ...{ id: 't', ok, endedAt },
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

test('different causes of one connection, and one cause of two connections, are problems of their own', () => {
  const error = { code: 'export-timeout' as const, message: 'The export has not ended in time. Retry it.' };
  const problems = problemsOf({
    exports: {
      ...runs,
      newest: [failedExport, makeBulkExport({ ...ended, connectionId: 'conn_2' })],
      failed: [makeBulkExport({ ...ended, error })],
    },
  });
  expect(problems.map(({ title, severity }) => [title, severity])).toEqual([
    ['conn_1: the EHR refuses the credentials', 'critical'],
    ['conn_2: the EHR refuses the credentials', 'critical'],
    ['conn_1: The export has not ended in time', 'warning'],
  ]);
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

test('equal failures of webhook calls are counted', () => {
  const call = (id: string, status: number) => ({
    ...{ id, connectionId: 'conn_1', url: 'https://client.example/hook', type: 'bulk-export.completed' as const },
    ...{ body: '{}', state: 'failed' as const, attempts: [{ at: now, status }], createdAt: ago(hourMs) },
  });
  const failed = [call('wh_1', 404), call('wh_2', 404), call('wh_3', 500)];
  const [problem] = problemsOf({ webhooks: { failed, pending: [] } });
  expect(problem?.subjects.map(({ id, count }) => [id, count])).toEqual([
    ['wh_1', 2],
    ['wh_3', undefined],
  ]);
});

test('a deployment without a problem has none', () => {
  expect(problemsOf({})).toEqual([]);
});
