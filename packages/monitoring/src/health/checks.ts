/*
 * The one model of health. The overview of the console, `bulkhead doctor`, `GET /api/ehr/health-report`, the metric
 * `bulkhead_health_check` and the alert rules all show this list.
 *
 *     commands/health.service.ts reads a snapshot --> each check judges its part --> HealthReport, the worst check first
 *
 * A check is a pure function in one of the `*.checks.ts` files. Its limits stand beside it, with their reasons. An alert rule has no limit
 * of its own: it fires if its check is not ok for some time, so no alert fires while the report is green.
 *
 * To add a check: write the function, add a line here, and add an alert in docker/prometheus/rules.yml with its entry in
 * docs/runbook.md. `checks.test.ts` fails if a part is missing.
 */
import { checkDocuments, checkQuarantine, checkWebhooks } from './data.checks.ts';
import {
  checkBudget,
  checkConnections,
  checkConnectionTests,
  checkEhrRequests,
  checkPauses,
  checkTokens,
} from './ehr.checks.ts';
import {
  type Finding,
  type HealthCheck,
  type HealthReport,
  type HealthSubject,
  type JudgedCheck,
  severities,
} from './health-check.ts';
import { problemsOf } from './health-problems.ts';
import type { HealthSnapshot } from './health-snapshot.ts';
import {
  checkApiErrors,
  checkAuditStream,
  checkEncryptionKey,
  checkEventLoop,
  checkMongodb,
  checkNetwork,
  checkProcesses,
  checkRedis,
  checkSweep,
  checkWorkers,
} from './infrastructure.checks.ts';
import { checkBacklog, checkFailedJobs } from './queue.checks.ts';
import { checkFailedExports, checkFailedSyncs, checkLag, checkLateRuns, checkSchedules } from './run.checks.ts';

interface Definition {
  readonly title: string;
  /** Undefined if the part of the snapshot could not be read. */
  readonly judge: (snapshot: HealthSnapshot, now: Date) => Finding | undefined;
}

/** Every check by its id, in the order in which checks of the same severity are shown. */
export const healthChecks = {
  redis: { title: 'Redis', judge: ({ redis }) => checkRedis(redis) },
  mongodb: { title: 'MongoDB', judge: ({ mongodb }) => checkMongodb(mongodb) },
  workers: define('Workers', ({ queues }) => queues, checkWorkers),
  sweep: define('Sweep', sweepOf, checkSweep),
  connections: define('Connections', ({ connections }) => connections, checkConnections),
  tokens: define('Access tokens', ({ processes }) => processes, checkTokens),
  'failed-exports': define('Failed exports', exportsOf, checkFailedExports),
  'failed-syncs': define('Failed syncs', syncRunsOf, checkFailedSyncs),
  schedules: define('Schedules', ({ schedules }) => schedules, checkSchedules),
  lag: define('Lag', ({ lags }) => lags, checkLag),
  'late-runs': define('Late runs', activeRunsOf, checkLateRuns),
  backlog: define('Backlog', ({ queues }) => queues, checkBacklog),
  pauses: define('Pauses', pausesOf, checkPauses),
  budget: define('Request budget', ({ budgets }) => budgets, checkBudget),
  'ehr-requests': define('Requests to EHRs', ({ processes }) => processes, checkEhrRequests),
  quarantine: define('Quarantine', ({ quarantine }) => quarantine, checkQuarantine),
  documents: define('Documents', ({ documents }) => documents, checkDocuments),
  webhooks: define('Webhooks', ({ webhooks }) => webhooks, checkWebhooks),
  'failed-jobs': define('Failed jobs', ({ failedJobs }) => failedJobs, checkFailedJobs),
  processes: define('Processes', ({ processes }) => processes, checkProcesses),
  'event-loop': define('Event loop', ({ processes }) => processes, checkEventLoop),
  'api-errors': define('API errors', ({ processes }) => processes, checkApiErrors),
  'audit-stream': define('Audit stream', ({ processes }) => processes, checkAuditStream),
  'connection-tests': define('Connection tests', ({ connections }) => connections, checkConnectionTests),
  network: define('Network', ({ configuration }) => configuration, checkNetwork),
  'encryption-key': define('Encryption key', ({ configuration }) => configuration, checkEncryptionKey),
} as const satisfies Record<string, Definition>;

/** An operator does not read a longer list. The reason has the number of all records. */
export const maxSubjects = 20;

const unknownFinding: Finding = {
  severity: 'warning',
  reason: 'Unknown. The data for this check could not be read.',
  action: 'Follow the check of Redis or MongoDB first. If both are ok, the database is too slow.',
};

export function judge(snapshot: HealthSnapshot, now: Date): HealthReport {
  const names = new Map(snapshot.connections?.map(({ id, name }) => [id, name]));
  const withName = (subject: HealthSubject): HealthSubject => {
    const connectionName = names.get(subject.connectionId ?? '');
    return connectionName === undefined ? subject : { ...subject, connectionName };
  };
  const checks = Object.entries<Definition>(healthChecks).map(([id, { title, judge }]): JudgedCheck => {
    const found = judge(snapshot, now);
    const { subjects = [], ...finding } = found ?? unknownFinding;
    return { id, title, ...finding, subjects: subjects.map(withName), isUnread: found === undefined };
  });
  const worstFirst = checks.toSorted((left, right) => rankOf(right) - rankOf(left));
  const withFew = <Part extends { readonly subjects: readonly HealthSubject[] }>(part: Part): Part => {
    return { ...part, subjects: part.subjects.slice(0, maxSubjects) };
  };
  return {
    severity: worstFirst[0]?.severity ?? 'ok',
    checkedAt: now.toISOString(),
    problems: problemsOf(worstFirst).map(withFew),
    checks: worstFirst.map(({ isUnread: _, ...check }) => withFew(check)),
  };
}

/** The value of the metric: 0 for ok, 1 for a warning, 2 for critical. */
export function rankOf({ severity }: Pick<HealthCheck, 'severity'>): number {
  return severities.indexOf(severity);
}

function define<Part>(
  title: string,
  partOf: (snapshot: HealthSnapshot) => Part | undefined,
  check: (part: Part, now: Date) => Finding,
): Definition {
  return {
    title,
    judge(snapshot, now) {
      const part = partOf(snapshot);
      return part === undefined ? undefined : check(part, now);
    },
  };
}

function sweepOf({ isSweepScheduled: isScheduled, processes }: HealthSnapshot) {
  return isScheduled === undefined || processes === undefined ? undefined : { isScheduled, processes };
}

function exportsOf({ exports, connections = [] }: HealthSnapshot) {
  return exports && { runs: exports, connections };
}

function syncRunsOf({ syncRuns, connections = [] }: HealthSnapshot) {
  return syncRuns && { runs: syncRuns, connections };
}

function pausesOf({ budgets, exports }: HealthSnapshot) {
  return budgets && exports && { budgets, exports: exports.active };
}

function activeRunsOf({ exports, syncRuns }: HealthSnapshot) {
  return exports && syncRuns && { exports: exports.active, syncRuns: syncRuns.active };
}
