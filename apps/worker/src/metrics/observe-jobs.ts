import type { Metrics } from '@bulkhead/base';
import { sweepJob } from '@bulkhead/monitoring/jobs';
import type { JobObserver } from '@bulkhead/queues';

/** From a job that finds nothing to do to a download that takes hours. */
const buckets = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3600, 6 * 3600];

/** Counts and times each attempt of each job. */
export function observeJobs(metrics: Metrics): JobObserver {
  const observe = metrics.histogram({
    name: 'bulkhead_job_duration_seconds',
    help: 'Duration of attempts of jobs. `outcome` is completed, retried, failed (no attempt follows), waits (runs again at a known time) or handed-over (the process stopped).',
    // Prometheus itself uses the label `job`.
    labels: ['queue', 'job_name', 'outcome'],
    buckets,
  });
  const sweptAt = metrics.gauge({
    name: 'bulkhead_sweep_last_success_timestamp_seconds',
    help: 'When this worker last completed a sweep. 0 if it has completed none. The sweep runs in one worker at a time.',
  });
  return ({ queue, job, outcome, durationMs }) => {
    observe({ queue, job_name: job, outcome }, durationMs / 1000);
    if (job === sweepJob.name && outcome === 'completed') sweptAt({}, Date.now() / 1000);
  };
}
