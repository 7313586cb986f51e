import { bulkExportPhases } from '@bulkhead/bulk-export';
import type { MonitoringService } from '@bulkhead/monitoring/commands';
import { keepFor, type Metrics } from '@bulkhead/runtime';
import { syncRunPhases } from '@bulkhead/sync';

/** Prometheus asks every 15 s; whoever asks more often must not cost the queues and the database more. */
const keptMs = 5000;
/** A lag is of hours, and costs a read by connection. */
const lagsKeptMs = 60_000;

/**
 * What is true of the whole system, whichever process is asked: looked up by each API when its page is asked for. Rules take
 * the maximum over all of them.
 */
export function watchSystem(options: { readonly metrics: Metrics; readonly monitoring: MonitoringService }): void {
  watchQueues(options);
  watchRuns(options);
  watchLags(options);
}

function watchQueues({ metrics, monitoring }: Parameters<typeof watchSystem>[0]): void {
  const read = keepFor({ keptMs, read: () => monitoring.readQueues() });
  metrics.readGauge({
    name: 'bulkhead_queue_jobs',
    help: 'Jobs of a queue; state: waiting, active, delayed, waiting-children, failed (kept for a week).',
    labels: ['queue', 'state'],
    read: async () =>
      (await read()).flatMap(({ queue, jobs }) =>
        Object.entries(jobs).map(([state, value]) => ({ labels: { queue, state }, value })),
      ),
  });
  metrics.readGauge({
    name: 'bulkhead_queue_oldest_job_age_seconds',
    help: 'For how long the first waiting job of a queue could have been taken; 0: none waits.',
    labels: ['queue'],
    read: async () => (await read()).map(({ queue, oldestMs }) => ({ labels: { queue }, value: oldestMs / 1000 })),
  });
  metrics.readGauge({
    name: 'bulkhead_queue_workers',
    help: 'Worker processes that are connected for a queue.',
    labels: ['queue'],
    read: async () => (await read()).map(({ queue, workers: value }) => ({ labels: { queue }, value })),
  });
}

function watchRuns({ metrics, monitoring }: Parameters<typeof watchSystem>[0]): void {
  const read = keepFor({ keptMs, read: () => monitoring.readRuns(new Date()) });
  // Those of which there are none too, so that a rule has something to compare with.
  const toSamples = (phases: readonly string[], counts: ReadonlyMap<string, number>) =>
    phases.map((phase) => ({ labels: { phase }, value: counts.get(phase) ?? 0 }));
  metrics.readGauge({
    name: 'bulkhead_exports',
    help: 'Bulk exports by phase: those under way, and those that have ended in the last 24 hours.',
    labels: ['phase'],
    read: async () => toSamples(bulkExportPhases, (await read()).exports),
  });
  metrics.readGauge({
    name: 'bulkhead_sync_runs',
    help: 'Enhanced syncs by phase: those under way, and those that have ended in the last 24 hours.',
    labels: ['phase'],
    read: async () => toSamples(syncRunPhases, (await read()).syncRuns),
  });
}

function watchLags({ metrics, monitoring }: Parameters<typeof watchSystem>[0]): void {
  const read = keepFor({ keptMs: lagsKeptMs, read: () => monitoring.readLags(new Date()) });
  metrics.readGauge({
    name: 'bulkhead_connection_lag_seconds',
    help: 'How far a connection is behind its source; scheduled: whether schedules are to keep it current.',
    labels: ['connection_id', 'scheduled'],
    read: async () =>
      (await read()).map(({ connectionId, isScheduled, lagMs }) => ({
        labels: { connection_id: connectionId, scheduled: String(isScheduled) },
        value: lagMs / 1000,
      })),
  });
}
