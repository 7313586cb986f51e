import { keepFor, type Metrics } from '@bulkhead/base';
import { bulkExportPhases } from '@bulkhead/imports/export';
import { syncRunPhases } from '@bulkhead/imports/sync';
import { type HealthService, type MonitoringService, rankOf } from '@bulkhead/monitoring/commands';

/** Prometheus reads the metrics every 15 s. More frequent readers must not cause more load on the queues and the database. */
const keptMs = 5000;
/** Lag changes over hours and costs one query per connection, so it is sampled rarely. */
const lagsKeptMs = 60_000;

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
  watchSubjects({ metrics, ...services });
  watchQueues({ metrics, ...services });
  watchRuns({ metrics, ...services });
  watchLags({ metrics, ...services });
}

interface Watched {
  readonly metrics: Metrics;
  readonly monitoring: MonitoringService;
}

function watchChecks({ metrics, health }: Pick<Watched, 'metrics'> & { readonly health: HealthService }): void {
  const read = keepFor(keptMs, () => health.report());
  metrics.readGauge({
    name: 'bulkhead_health_check',
    help: 'The severity of each check of the health report: 0 ok, 1 warning, 2 critical.',
    labels: ['check'],
    read: async () => {
      const { checks } = await read();
      const isDown = checks.some(({ id, severity }) => severity === 'critical' && (id === 'redis' || id === 'mongodb'));
      // Then most warnings only say that their data is unknown, and one alert is enough.
      const shown = checks.filter(({ severity }) => !isDown || severity !== 'warning');
      return shown.map((check) => ({ labels: { check: check.id }, value: rankOf(check) }));
    },
  });
}

function watchSubjects({ metrics, health }: Pick<Watched, 'metrics'> & { readonly health: HealthService }): void {
  const read = keepFor(keptMs, () => health.report());
  metrics.readGauge({
    name: 'bulkhead_health_subject',
    help: 'The severity of each record that a check of the health report has found, at most 20 for a check. Alerts list them.',
    labels: ['check', 'practice', 'id'],
    read: async () => {
      const { checks } = await read();
      return checks.flatMap((check) =>
        check.subjects.map(({ connectionName, connectionId, id, severity }) => ({
          labels: { check: check.id, practice: connectionName ?? connectionId ?? '', id: id ?? '' },
          value: rankOf({ severity: severity ?? check.severity }),
        })),
      );
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

function watchLags({ metrics, monitoring }: Watched): void {
  const read = keepFor(lagsKeptMs, () => monitoring.readLags(new Date()));
  metrics.readGauge({
    name: 'bulkhead_connection_lag_seconds',
    help: 'How far a connection is behind its source. `scheduled` shows whether schedules keep it current.',
    labels: ['connection_id', 'scheduled'],
    read: async () =>
      (await read()).map(({ connectionId, isScheduled, lagMs }) => ({
        labels: { connection_id: connectionId, scheduled: String(isScheduled) },
        value: lagMs / 1000,
      })),
  });
}
