import type { WebhookReceiver } from '@bulkhead/webhooks';
import { expect, test } from '@jest/globals';
import {
  type CheckId,
  connection,
  document,
  failedExport,
  limits,
  line,
  runs,
  testOf,
} from './check-limits.fixture.ts';
import { ago, healthy, judge, now, receiver } from './checks.fixture.ts';
import { healthChecks } from './checks.ts';
import { maxDocumentsPerHour, maxLinesPerHour } from './data.checks.ts';
import { maxSubjects } from './finding-group.ts';
import { hourMs, inWords } from './health-check.ts';
import type { HealthSnapshot } from './health-snapshot.ts';

const findCheck = (id: string, snapshot: Partial<HealthSnapshot>) => {
  const check = judge({ ...healthy, ...snapshot }, now).checks.find((one) => one.id === id);
  if (!check) throw new Error(`no check ${id}`);
  return check;
};
const severityOf = (id: CheckId, snapshot: Partial<HealthSnapshot>) => findCheck(id, snapshot).severity;

test('a deployment without a problem is ok in every check', () => {
  const { severity, checks } = judge(healthy, now);
  expect(severity).toBe('ok');
  expect(checks.map(({ id }) => id).toSorted()).toEqual(Object.keys(healthChecks).toSorted());
  expect(checks.slice(0, 4).map(({ id }) => id)).toEqual(['redis', 'mongodb', 'workers', 'sweep']);
  expect(checks.filter(({ action, subjects }) => action !== undefined || subjects.length > 0)).toEqual([]);
});

test.each(limits)('the check $id is ok at the limit of $what, and $severity beyond it', ({ id, ok, bad, severity }) => {
  expect(severityOf(id, ok)).toBe('ok');
  expect(findCheck(id, bad)).toMatchObject({ severity, action: expect.any(String) });
  expect(judge({ ...healthy, ...bad }, now).severity).toBe(severity);
});

test('many lines or documents are a warning up to the limit of an hour', () => {
  const lines = Array.from({ length: maxLinesPerHour }, () => line(hourMs));
  expect(severityOf('quarantine', { quarantine: [...lines, line(hourMs + 1)] })).toBe('warning');
  const documents = Array.from({ length: maxDocumentsPerHour }, () => document(hourMs));
  expect(severityOf('documents', { documents: [...documents, document(hourMs + 1)] })).toBe('warning');
});

test('every check has a limit in this test, except for the source of the key, which is never a problem', () => {
  const missing = Object.keys(healthChecks).filter((id) => !limits.some((limit) => limit.id === id));
  expect(missing).toEqual(['encryption-key']);
});

test('a check whose data could not be read is a warning', () => {
  const nothing = Object.fromEntries(Object.keys(healthy).map((part) => [part, undefined]));
  const { configuration } = healthy;
  const { severity, checks } = judge({ ...(nothing as unknown as HealthSnapshot), configuration }, now);
  expect(severity).toBe('critical');
  const severities = Object.fromEntries(checks.map((check) => [check.id, check.severity]));
  expect(severities).toEqual({
    ...Object.fromEntries(Object.keys(healthChecks).map((id) => [id, 'warning'])),
    redis: 'critical',
    mongodb: 'critical',
    network: 'ok',
    'encryption-key': 'ok',
  });
});

test('the worst check is the first of the report', () => {
  const { checks } = judge({ ...healthy, quarantine: [line(0)], exports: { ...runs, newest: [failedExport] } }, now);
  expect(checks.slice(0, 3).map(({ id }) => id)).toEqual(['failed-exports', 'quarantine', 'redis']);
});

test('a check names its records with their reason, at most 20 of them, and counts all', () => {
  const newest = Array.from({ length: maxSubjects + 5 }, () => failedExport);
  const { reason, subjects } = findCheck('failed-exports', { exports: { ...runs, newest, failed: newest } });
  expect(reason).toBe('The newest export of 25 connections failed.');
  expect(subjects).toHaveLength(maxSubjects);
  const { id, connectionId, provider } = failedExport;
  expect(subjects[0]).toEqual({
    kind: 'export',
    id,
    connectionId,
    provider,
    severity: 'critical',
    reason: 'failed: m',
    code: 'export-timeout',
  });
  expect(findCheck('quarantine', { quarantine: [line(0), line(1), { ...line(2), reason: 'no-id' }] }).subjects).toEqual(
    [
      {
        kind: 'connection',
        id: 'conn_1',
        connectionId: 'conn_1',
        reason: '2 × not-json, 1 × The resource has no valid id',
        since: ago(2).toISOString(),
      },
    ],
  );
});

test('a connection shows the advice of its last test once', () => {
  const reasonOf = (message: string) => {
    const [step] = testOf(false, hourMs).steps;
    const lastTest = { ...testOf(false, hourMs), steps: step ? [{ ...step, message }] : [] };
    return findCheck('connections', { connections: [{ ...connection, lastTest }] }).subjects[0]?.reason;
  };
  expect(reasonOf('Rejected.')).toBe('token failed: Rejected. Update it.');
  expect(reasonOf('Rejected. Update it.')).toBe('token failed: Rejected. Update it.');
});

test('a call that is being repeated is not called delivered', () => {
  const reasonOf = (webhooks: readonly WebhookReceiver[]) => findCheck('webhooks', { webhooks }).reason;
  expect(reasonOf([])).toBe('Every webhook call of the last 48 hours was delivered.');
  expect(reasonOf([receiver({ repeated: 3 })])).toBe(
    'No webhook call of the last 48 hours was given up. Being repeated: 3 calls.',
  );
});

test('a length of time has a unit of which there are at least two', () => {
  expect([1000, 90_000, 119_000, 120_000, 119 * 60_000, 40 * hourMs, 48 * hourMs].map(inWords)).toEqual([
    ...['1 second', '90 seconds', '119 seconds', '2 minutes', '119 minutes', '40 hours', '2 days'],
  ]);
});
