import type { ErrorCode } from '@bulkhead/base';
import { counted, type HealthProblem, type HealthSubject, type JudgedCheck, severities } from './health-check.ts';

/*
 * Joins findings with one cause, so that an operator sees what to do and not every consequence:
 *
 *     checks that cannot be read             --> the problem of Redis or MongoDB
 *     failed runs and tests of a connection  --> one problem for each connection and cause
 *     every other check that is not ok       --> a problem of its own
 */

/** Errors of which the credentials of the connection, or what they may do, are the cause. */
const codesOfCredentials: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'token-refused',
  'ehr-unauthorized',
  'authorization-needed',
]);

export function isAboutCredentials({ code }: { readonly code?: ErrorCode }): boolean {
  return codesOfCredentials.has(code);
}

/** The checks whose findings about a connection can have one cause, with the words for it. */
const ofConnections: Readonly<Record<string, (count: number) => string>> = {
  connections: () => 'the last test failed',
  'failed-exports': (count) => `${counted(count, 'export')} failed`,
  'failed-syncs': (count) => `${counted(count, 'sync')} failed`,
};

const credentialsAction =
  'Edit the credentials of the connection and test it. Then retry what has failed: a retry fetches only what is missing.';

/** @param checks every check, the worst first */
export function problemsOf(checks: readonly JudgedCheck[]): HealthProblem[] {
  const found = checks.filter(({ severity, isUnread }) => severity !== 'ok' && !isUnread);
  const [joined, remaining] = joinByConnection(found);
  const others = remaining.map(({ id, title, severity, reason, action, subjects }) =>
    toProblem({ severity, title, reason, action, checks: [id], subjects }),
  );
  // As in the list of checks, so that Redis comes before what it has stopped.
  const placeOf = ({ checks: ids }: HealthProblem) => checks.findIndex(({ id }) => ids.includes(id));
  const problems = [...joined, ...others].toSorted(
    (left, right) => rankOf(right) - rankOf(left) || placeOf(left) - placeOf(right),
  );
  return withUnread(
    problems,
    checks.filter(({ isUnread }) => isUnread),
  );
}

const rankOf = ({ severity }: Pick<HealthProblem, 'severity'>) => severities.indexOf(severity);

/** @returns the joined problems, and the checks with what was not joined */
function joinByConnection(checks: readonly JudgedCheck[]): [HealthProblem[], JudgedCheck[]] {
  const isJoined = (subject: HealthSubject) => subject.connectionId !== undefined && subject.code !== undefined;
  const findings = checks
    .filter(({ id }) => id in ofConnections)
    .flatMap(({ id, severity, action, subjects }) =>
      subjects.filter(isJoined).map((subject) => ({ id, severity, action, subject })),
    );
  const keyOf = ({ subject }: (typeof findings)[number]) =>
    `${subject.connectionId} ${isAboutCredentials(subject) ? 'credentials' : subject.code}`;
  const joined = [...Map.groupBy(findings, keyOf).values()].map((group) => {
    const subjects = group.map(({ subject }) => subject);
    const [first] = subjects as [HealthSubject];
    const byCheck = [...Map.groupBy(group, ({ id }) => id)];
    const texts = byCheck.map(([id, { length }]) => ofConnections[id]?.(length));
    const name = first.connectionName ?? first.connectionId;
    const action = isAboutCredentials(first) ? credentialsAction : group[0]?.action;
    return toProblem({
      severity: group.some(({ severity, subject }) => (subject.severity ?? severity) === 'critical')
        ? 'critical'
        : 'warning',
      title: `${name}: ${causeOf(first)}`,
      reason: capitalized(`${texts.join(', ')}.`),
      ...{ action, subjects, checks: byCheck.map(([id]) => id) },
    });
  });
  const tokens = checks.find(({ id }) => id === 'tokens');
  const explains = joined.find(({ subjects }) => subjects.some(isAboutCredentials));
  const withTokens = joined.map((problem) =>
    tokens && problem === explains
      ? { ...problem, reason: `${problem.reason} ${tokens.reason}`, checks: [...problem.checks, tokens.id] }
      : problem,
  );
  const remaining = checks.flatMap((check) => {
    if (check === tokens && explains) return [];
    if (!(check.id in ofConnections)) return [check];
    const subjects = check.subjects.filter((subject) => !isJoined(subject));
    return subjects.length > 0 ? [{ ...check, subjects }] : [];
  });
  return [withTokens, remaining];
}

/** The first sentence of what was found about a record. */
function causeOf(subject: HealthSubject): string {
  if (isAboutCredentials(subject)) return 'the EHR refuses the credentials';
  return subject.reason.replace(/^[\w ]+: /, '').replace(/\.(\s.*)?$/s, '');
}

function withUnread(problems: readonly HealthProblem[], unread: readonly JudgedCheck[]): HealthProblem[] {
  const [first] = unread;
  if (first === undefined) return [...problems];
  const ids = unread.map(({ id }) => id);
  const cause = problems.find(
    ({ severity, checks: [id] }) => severity === 'critical' && (id === 'redis' || id === 'mongodb'),
  );
  if (!cause) {
    const { reason, action } = first;
    const title = `${counted(unread.length, 'check')} without data`;
    return [...problems, toProblem({ severity: 'warning', title, reason, action, checks: ids, subjects: [] })];
  }
  const reason = `${cause.reason} ${counted(unread.length, 'check')} cannot be made until it responds.`;
  const joined = { ...cause, reason, checks: [...cause.checks, ...ids] };
  return problems.map((problem) => (problem === cause ? joined : problem));
}

function toProblem({
  action,
  ...problem
}: Omit<HealthProblem, 'action' | 'since'> & { readonly action: string | undefined }): HealthProblem {
  const since = problem.subjects
    .flatMap((subject) => subject.since ?? [])
    .toSorted()
    .at(0);
  return { ...problem, ...(action === undefined ? {} : { action }), ...(since === undefined ? {} : { since }) };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
