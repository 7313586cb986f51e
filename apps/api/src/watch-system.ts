import { keepFor, type Metrics } from '@bulkhead/base';
import { bulkExportPhases } from '@bulkhead/imports/export';
import { syncRunPhases } from '@bulkhead/imports/sync';
import { type HealthService, type MonitoringService, rankOf } from '@bulkhead/monitoring/commands';

/** Prometheus reads the metrics every 15 s. More frequent readers must not cause more load on the queues and the database. */
const keptMs = 5000;
/** More connections that are behind have one cause, which the report shows. */
const maxLags = 100;
/** The objective of docs/slo.md: a night, and two hours to end. */
const freshLagMs = 26 * 60 * 60_000;

/**
 * Metrics of the whole system. Each API process reads them when its metrics are requested, and they are the same in every process.
 * Alert rules take the maximum over all processes.
 */
export function watchSystem(options: {
  readonly metrics: Metrics;
  readonly services: { readonly monitoring: MonitoringService; readonly health: HealthService };
}): void {
  const { metrics, services } = options;
  watchChecks({ metrics, ...services });
  watchProblems({ metrics, ...services });
  watchQueues({ metrics, ...services });
  watchRuns({ metrics, ...services });
  watchLags({ metrics, ...services });
}

interface Watched {
  readonly metrics: Metrics;
  readonly monitoring: MonitoringService;
}

interface WatchedHealth {
  readonly metrics: Metrics;
  readonly health: HealthService;
}

function watchChecks({ metrics, health }: WatchedHealth): void {
  metrics.readGauge({
    name: 'bulkhead_health_check',
    help: 'The severity of each check of the health report: 0 ok, 1 warning, 2 critical.',
    labels: ['check'],
    read: async () => {
      const { checks } = await health.report();
      const isDown = checks.some(({ id, severity }) => severity === 'critical' && (id === 'redis' || id === 'mongodb'));
      // Then most warnings only say that their data is unknown, and one alert is enough.
      const shown = checks.filter(({ severity }) => !isDown || severity !== 'warning');
      return shown.map((check) => ({ labels: { check: check.id }, value: rankOf(check) }));
    },
  });
}

function watchProblems({ metrics, health }: WatchedHealth): void {
  metrics.readGauge({
    name: 'bulkhead_health_problem',
    help: 'The number of connections of each problem of the health report, or 1 if it is not about connections. `problem` is the code of the error, or the check. `practice` is the name of the connection, if there is only one. Alerts list them.',
    labels: ['check', 'problem', 'practice'],
    read: async () => {
      const { problems } = await health.report();
      return problems.flatMap(({ key: problem, checks, connections, subjects: [subject] }) => {
        const practice = connections === 1 ? (subject?.connectionName ?? subject?.connectionId ?? '') : '';
        return checks.map((check) => ({ labels: { check, problem, practice }, value: Math.max(connections, 1) }));
      });
    },
  });
}

function watchQueues({ metrics, monitoring }: Watched): void {
  const read = keepFor(keptMs, () => monitoring.readQueues());
  metrics.readGauge({
    name: 'bulkhead_queue_jobs',
    help: 'Jobs of a queue. `state` is waiting, active, delayed, waiting-children or failed (failed jobs are kept for a week).',
    labels: ['queue', 'state'],
    read: async () =>
      (await read()).flatMap(({ queue, jobs }) =>
        Object.entries(jobs).map(([state, value]) => ({ labels: { queue, state }, value })),
      ),
  });
  metrics.readGauge({
    name: 'bulkhead_queue_oldest_job_age_seconds',
    help: 'How long the oldest waiting job of a queue has been ready to run. 0 if no job is waiting.',
    labels: ['queue'],
    read: async () => (await read()).map(({ queue, oldestMs }) => ({ labels: { queue }, value: oldestMs / 1000 })),
  });
  metrics.readGauge({
    name: 'bulkhead_queue_workers',
    help: 'Worker processes that are connected to a queue.',
    labels: ['queue'],
    read: async () => (await read()).map(({ queue, workers: value }) => ({ labels: { queue }, value })),
  });
}

function watchRuns({ metrics, monitoring }: Watched): void {
  const read = keepFor(keptMs, () => monitoring.readRuns(new Date()));
  // Phases with a count of zero are included, so that an alert rule always has a value to compare with.
  const toSamples = (phases: readonly string[], counts: ReadonlyMap<string, number>) =>
    phases.map((phase) => ({ labels: { phase }, value: counts.get(phase) ?? 0 }));
  metrics.readGauge({
    name: 'bulkhead_exports',
    help: 'Bulk exports by phase: active exports, and exports that ended in the last 24 hours.',
    labels: ['phase'],
    read: async () => toSamples(bulkExportPhases, (await read()).exports),
  });
  metrics.readGauge({
    name: 'bulkhead_sync_runs',
    help: 'Enhanced syncs by phase: active runs, and runs that ended in the last 24 hours.',
    labels: ['phase'],
    read: async () => toSamples(syncRunPhases, (await read()).syncRuns),
  });
}

function watchLags({ metrics, health }: WatchedHealth): void {
  const readLags = async () =>
    [...(await health.connectionStates()).values()].flatMap(({ connectionId, lagMs, isScheduled = false }) =>
      lagMs === undefined ? [] : [{ connectionId, lagMs, isScheduled }],
    );
  metrics.readGauge({
    name: 'bulkhead_connection_lag_seconds',
    help: `How far a connection is behind its source, for the ${maxLags} scheduled connections that are furthest behind, if it is more than 26 hours.`,
    labels: ['connection_id'],
    read: async () =>
      (await readLags())
        .filter(({ isScheduled, lagMs }) => isScheduled && lagMs >= freshLagMs)
        .toSorted((left, right) => right.lagMs - left.lagMs)
        .slice(0, maxLags)
        .map(({ connectionId, lagMs }) => ({ labels: { connection_id: connectionId }, value: lagMs / 1000 })),
  });
  metrics.readGauge({
    name: 'bulkhead_scheduled_connections',
    help: 'Connections with a schedule. `fresh` is true for those that are less than 26 hours behind their source.',
    labels: ['fresh'],
    read: async () => {
      const scheduled = (await readLags()).filter(({ isScheduled }) => isScheduled);
      const fresh = scheduled.filter(({ lagMs }) => lagMs < freshLagMs).length;
      return [
        { labels: { fresh: 'true' }, value: fresh },
        { labels: { fresh: 'false' }, value: scheduled.length - fresh },
      ];
    },
  });
}
