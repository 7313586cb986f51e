import { present } from '@bulkhead/base';
import { credentialsKey, type FindingGroup } from './finding-group.ts';
import { counted, type HealthCheck, type HealthProblem, rankOf } from './health-check.ts';

/*
 * Joins findings with one cause over all connections, so that an operator sees what to do and not every consequence:
 *
 *     checks that cannot be read                 --> the problem of Redis or MongoDB
 *     failed runs and tests with one error code  --> one problem, with the number of its connections
 *     every other check that is not ok           --> a problem of its own
 */

/** A check with what it has found, by cause. */
export interface GroupedCheck extends Omit<HealthCheck, 'subjects'> {
  readonly groups: readonly FindingGroup[];
  /** Its data was never read. */
  readonly isUnread: boolean;
}

/** The words for the records of the checks that are grouped by cause. */
const ofConnections: Readonly<Record<string, (count: number) => string>> = {
  connections: (count) => `the last test${count === 1 ? '' : ` of ${counted(count, 'connection')}`} failed`,
  'failed-exports': (count) => `${counted(count, 'export')} failed`,
  'failed-syncs': (count) => `${counted(count, 'sync')} failed`,
};

const credentialsAction = (connections: number) =>
  `Edit the credentials of the ${connections === 1 ? 'connection and test it' : 'connections and test them'}. Then retry what has failed: a retry fetches only what is missing.`;

interface Found {
  readonly check: GroupedCheck;
  readonly group: FindingGroup;
}

/** @param checks every check, the worst first */
export function problemsOf(checks: readonly GroupedCheck[]): HealthProblem[] {
  const found = checks.flatMap((check) => check.groups.map((group): Found => ({ check, group })));
  const byKey = [...Map.groupBy(found, ({ group }) => group.key).values()];
  // As in the list of checks, so that Redis comes before what it has stopped.
  const placeOf = ({ checks: [first] }: HealthProblem) => checks.findIndex(({ id }) => id === first);
  const problems = explainTokens(byKey.map(toProblem)).toSorted(
    (left, right) => rankOf(right) - rankOf(left) || placeOf(left) - placeOf(right),
  );
  return withUnread(
    problems,
    checks.filter(({ isUnread, asOf }) => isUnread || asOf !== undefined),
  );
}

function toProblem(found: readonly Found[]): HealthProblem {
  const [{ check, group }] = found as [Found];
  const connectionIds = new Set(found.flatMap((one) => one.group.connectionIds));
  const subjects = found.flatMap((one) => one.group.subjects);
  const times = (name: 'since' | 'lastSeen') => found.flatMap((one) => one.group[name] ?? []).toSorted();
  const [since, lastSeen] = [times('since')[0], times('lastSeen').at(-1)];
  const fields = {
    key: group.key,
    severity: found.some((one) => one.group.severity === 'critical') ? ('critical' as const) : group.severity,
    checks: found.map((one) => one.check.id),
    connections: connectionIds.size,
    subjects,
    ...present({
      since,
      lastSeen: lastSeen === since ? undefined : lastSeen,
      asOf: found.flatMap((one) => one.check.asOf ?? []).toSorted()[0],
    }),
  };
  if (group.cause === undefined) {
    const { title, reason, action } = check;
    return { ...fields, title, reason, ...present({ action }) };
  }
  const [{ connectionName, connectionId } = {}] = subjects;
  const who = connectionIds.size === 1 ? (connectionName ?? connectionId) : counted(connectionIds.size, 'connection');
  const texts = found.map((one) => ofConnections[one.check.id]?.(one.group.count));
  const action = group.key === credentialsKey ? credentialsAction(connectionIds.size) : check.action;
  return {
    ...fields,
    title: `${who}: ${group.cause}`,
    reason: capitalized(`${texts.join(', ')}.`),
    ...present({ action }),
  };
}

/** Refused tokens have the same cause as connections whose credentials are refused. */
function explainTokens(problems: readonly HealthProblem[]): readonly HealthProblem[] {
  const tokens = problems.find(({ key }) => key === 'tokens');
  if (!tokens || !problems.some(({ key }) => key === credentialsKey)) return problems;
  return problems
    .filter((problem) => problem !== tokens)
    .map((problem) =>
      problem.key === credentialsKey
        ? { ...problem, reason: `${problem.reason} ${tokens.reason}`, checks: [...problem.checks, ...tokens.checks] }
        : problem,
    );
}

function withUnread(problems: readonly HealthProblem[], unread: readonly GroupedCheck[]): HealthProblem[] {
  const [first] = unread;
  if (first === undefined) return [...problems];
  const ids = unread.map(({ id }) => id);
  const cause = problems.find(({ severity, key }) => severity === 'critical' && (key === 'redis' || key === 'mongodb'));
  if (!cause) {
    const [since] = unread.flatMap(({ asOf }) => asOf ?? []).toSorted();
    return [
      ...problems,
      {
        key: 'unread',
        severity: 'warning',
        checks: ids,
        connections: 0,
        subjects: [],
        title: `${counted(unread.length, 'check')} without ${since === undefined ? '' : 'new '}data`,
        reason: 'Their data could not be read. They show what was read before.',
        action: 'Check that a worker serves the queue maintenance, and that MongoDB responds quickly.',
        ...present({ since }),
      },
    ];
  }
  const reason = `${cause.reason} ${counted(unread.length, 'check')} cannot be made until it responds.`;
  const joined = { ...cause, reason, checks: [...cause.checks, ...ids.filter((id) => !cause.checks.includes(id))] };
  return problems.map((problem) => (problem === cause ? joined : problem));
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
