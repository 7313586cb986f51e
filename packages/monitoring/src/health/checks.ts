/*
 * The one model of health. The overview of the console, `bulkhead doctor`, `GET /api/ehr/health-report`, the metric
 * `bulkhead_health_check` and the alert rules all show this list.
 *
 *     a worker, each minute:  DataSnapshot --> each check judges its part --> groups by cause --> `health_reports`
 *     an API process:         ProcessSnapshot --> the same -----------------> with those of `health_reports`: HealthReport
 *
 * What grows with the connections is read once for all processes (`report/read-data.ts`). What can be wrong with the workers and the
 * databases, and costs the same however much is stored, is read by the process that is asked (`commands/health.service.ts`).
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
import { groupsOf, maxSubjects } from './finding-group.ts';
import { ageMs, type Finding, type HealthReport, type HealthSubject, rankOf } from './health-check.ts';
import { type GroupedCheck, problemsOf } from './health-problems.ts';
import type { DataSnapshot, ProcessSnapshot } from './health-snapshot.ts';
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

interface Definition<Snapshot> {
  readonly title: string;
  /** Undefined if the part of the snapshot could not be read. */
  readonly judge: (snapshot: Snapshot, now: Date) => Finding | undefined;
}

const ofProcesses = define<ProcessSnapshot>();
const ofData = define<DataSnapshot>();

const processChecks = {
  redis: { title: 'Redis', judge: ({ redis }) => checkRedis(redis) },
  mongodb: { title: 'MongoDB', judge: ({ mongodb }) => checkMongodb(mongodb) },
  workers: ofProcesses('Workers', ({ queues }) => queues, checkWorkers),
  sweep: ofProcesses('Sweep', sweepOf, checkSweep),
  tokens: ofProcesses('Access tokens', ({ processes }) => processes, checkTokens),
  backlog: ofProcesses('Backlog', ({ queues }) => queues, checkBacklog),
  'ehr-requests': ofProcesses('Requests to EHRs', ({ processes }) => processes, checkEhrRequests),
  'failed-jobs': ofProcesses('Failed jobs', ({ failedJobs }) => failedJobs, checkFailedJobs),
  processes: ofProcesses('Processes', ({ processes }) => processes, checkProcesses),
  'event-loop': ofProcesses('Event loop', ({ processes }) => processes, checkEventLoop),
  'api-errors': ofProcesses('API errors', ({ processes }) => processes, checkApiErrors),
  'audit-stream': ofProcesses('Audit stream', ({ processes }) => processes, checkAuditStream),
  network: ofProcesses('Network', ({ configuration }) => configuration, checkNetwork),
  'encryption-key': ofProcesses('Encryption key', ({ configuration }) => configuration, checkEncryptionKey),
} as const satisfies Record<string, Definition<ProcessSnapshot>>;

const dataChecks = {
  connections: ofData('Connections', ({ connections }) => connections, checkConnections),
  'failed-exports': ofData('Failed exports', exportsOf, checkFailedExports),
  'failed-syncs': ofData('Failed syncs', syncRunsOf, checkFailedSyncs),
  schedules: ofData('Schedules', ({ schedules }) => schedules, checkSchedules),
  lag: ofData('Lag', ({ lags }) => lags, checkLag),
  'late-runs': ofData('Late runs', activeRunsOf, checkLateRuns),
  pauses: ofData('Pauses', pausesOf, checkPauses),
  budget: ofData('Request budget', ({ budgets }) => budgets, checkBudget),
  quarantine: ofData('Quarantine', ({ quarantine }) => quarantine, checkQuarantine),
  documents: ofData('Documents', ({ documents }) => documents, checkDocuments),
  webhooks: ofData('Webhooks', ({ webhooks }) => webhooks, checkWebhooks),
  'connection-tests': ofData('Connection tests', ({ connections }) => connections, checkConnectionTests),
} as const satisfies Record<string, Definition<DataSnapshot>>;

/** Every check by its id. */
export const healthChecks = { ...processChecks, ...dataChecks } as const;

/** The order in which checks of the same severity are shown. */
// biome-ignore format: related checks share a line
const order: readonly (keyof typeof healthChecks)[] = [
  'redis', 'mongodb', 'workers', 'sweep',
  'connections', 'tokens', 'failed-exports', 'failed-syncs', 'schedules', 'lag', 'late-runs',
  'backlog', 'pauses', 'budget', 'ehr-requests', 'quarantine', 'documents', 'webhooks',
  'failed-jobs', 'processes', 'event-loop', 'api-errors', 'audit-stream', 'connection-tests', 'network', 'encryption-key',
];

const unknownFinding: Finding = {
  severity: 'warning',
  reason: 'Unknown. The data for this check could not be read.',
  action: 'Follow the check of Redis or MongoDB first. If both are ok, the database is too slow.',
};

export function judgeProcesses(snapshot: ProcessSnapshot, now: Date): GroupedCheck[] {
  return judgeAll<ProcessSnapshot>(processChecks, { snapshot, now, names: new Map() });
}

export function judgeData(snapshot: DataSnapshot, now: Date): GroupedCheck[] {
  const names = new Map(snapshot.connections?.map(({ id, name }) => [id, name]));
  return judgeAll<DataSnapshot>(dataChecks, { snapshot, now, names });
}

function judgeAll<Snapshot>(
  checks: Readonly<Record<string, Definition<Snapshot>>>,
  options: { readonly snapshot: Snapshot; readonly now: Date; readonly names: ReadonlyMap<string, string> },
): GroupedCheck[] {
  const { snapshot, now, names } = options;
  const withName = (subject: HealthSubject): HealthSubject => {
    const connectionName = names.get(subject.connectionId ?? '');
    return connectionName === undefined ? subject : { ...subject, connectionName };
  };
  return Object.entries(checks).map(([id, { title, judge }]) => {
    const found = judge(snapshot, now);
    const { subjects = [], ...finding } = found ?? unknownFinding;
    const check = { id, title, ...finding };
    const isUnread = found === undefined;
    const groups = isUnread ? [] : groupsOf({ ...check, subjects: subjects.map(withName) });
    return { ...check, groups, isUnread };
  });
}

/** A worker reads the data each minute. Five missing reads are not a slow database. */
export const maxDataAgeMs = 5 * 60_000;

/** The checks of a worker, and when each of them was last made. */
export interface CheckedData {
  readonly checkedAt: Date;
  readonly checks: readonly (GroupedCheck & { readonly readAt: Date })[];
}

/** @param data undefined if no worker has stored a report */
export function toReport(options: {
  readonly processChecks: readonly GroupedCheck[];
  readonly data: CheckedData | undefined;
  readonly now: Date;
}): HealthReport {
  const { processChecks: live, data, now } = options;
  const stored = data?.checks.map(({ readAt, ...check }) =>
    ageMs(readAt, now) > maxDataAgeMs ? { ...check, asOf: readAt.toISOString() } : check,
  );
  const unread = Object.entries(dataChecks).map(([id, { title }]) => {
    return { id, title, ...unknownFinding, groups: [], isUnread: true };
  });
  const placeOf = ({ id }: GroupedCheck) => (order as readonly string[]).indexOf(id);
  const worstFirst = [...live, ...(stored ?? unread)].toSorted(
    (left, right) => rankOf(right) - rankOf(left) || placeOf(left) - placeOf(right),
  );
  const few = (subjects: readonly HealthSubject[]) => subjects.slice(0, maxSubjects);
  return {
    severity: worstFirst[0]?.severity ?? 'ok',
    checkedAt: (data?.checkedAt ?? now).toISOString(),
    problems: problemsOf(worstFirst).map((problem) => ({ ...problem, subjects: few(problem.subjects) })),
    checks: worstFirst.map(({ groups, isUnread: _, ...check }) => {
      return { ...check, subjects: few(groups.flatMap(({ subjects }) => subjects)) };
    }),
  };
}

function define<Snapshot>() {
  return <Part>(
    title: string,
    partOf: (snapshot: Snapshot) => Part | undefined,
    check: (part: Part, now: Date) => Finding,
  ): Definition<Snapshot> => ({
    title,
    judge(snapshot, now) {
      const part = partOf(snapshot);
      return part === undefined ? undefined : check(part, now);
    },
  });
}

function sweepOf({ isSweepScheduled: isScheduled, processes }: ProcessSnapshot) {
  return isScheduled === undefined || processes === undefined ? undefined : { isScheduled, processes };
}

function exportsOf({ exports, connections = [] }: DataSnapshot) {
  return exports && { runs: exports, connections };
}

function syncRunsOf({ syncRuns, connections = [] }: DataSnapshot) {
  return syncRuns && { runs: syncRuns, connections };
}

function pausesOf({ budgets, exports }: DataSnapshot) {
  return budgets && exports && { budgets, exports: exports.active };
}

function activeRunsOf({ exports, syncRuns }: DataSnapshot) {
  return exports && syncRuns && { exports: exports.active, syncRuns: syncRuns.active };
}
