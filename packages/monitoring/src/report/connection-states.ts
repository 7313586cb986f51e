import { type HealthProblem, rankOf } from '../health/health-check.ts';
import type { CheckedData, ConnectionWork } from './health-report.record.ts';

/** What a list of connections shows of one, from the last check. */
export interface ConnectionState extends ConnectionWork {
  /** All problems that the connection has, the worst first. */
  readonly problems: readonly ConnectionProblem[];
}

export type ConnectionProblem = Pick<HealthProblem, 'key' | 'severity' | 'since'> & {
  /** What is wrong, without the names or the number of the connections that have the problem. */
  readonly title: string;
};

/** What a check has found about one connection. */
const titles: Readonly<Record<string, string>> = {
  connections: 'its last test failed',
  'failed-exports': 'an export failed or lacks data',
  'failed-syncs': 'a sync failed or lacks data',
  schedules: 'a schedule did not start',
  lag: 'more than 36 hours behind',
  'late-runs': 'a run takes too long',
  pauses: 'the EHR delays its export',
  quarantine: 'lines in quarantine',
  documents: 'documents failed',
  webhooks: 'webhook calls not delivered',
  'connection-tests': 'not tested in the last 30 days',
};

/** @param problems those of the report, the worst first */
export function statesOf(data: CheckedData, problems: readonly HealthProblem[]): ReadonlyMap<string, ConnectionState> {
  const ofConnection = new Map<string, ConnectionProblem[]>();
  const groups = Map.groupBy(
    data.checks.flatMap((check) =>
      check.groups.map((group) => ({ ...group, title: group.cause ?? titles[check.id] ?? check.title })),
    ),
    ({ key }) => key,
  );
  for (const { key } of problems) {
    const found = groups.get(key) ?? [];
    const severity = found.some((group) => group.severity === 'critical') ? 'critical' : 'warning';
    for (const id of new Set(found.flatMap(({ connectionIds }) => connectionIds))) {
      const list = ofConnection.get(id) ?? [];
      list.push({ key, severity, title: found[0]?.title ?? key });
      ofConnection.set(id, list);
    }
  }
  return new Map(
    data.connections.map((work) => {
      const ofThis = ofConnection.get(work.connectionId) ?? [];
      return [work.connectionId, { ...work, problems: ofThis.toSorted((left, right) => rankOf(right) - rankOf(left)) }];
    }),
  );
}
