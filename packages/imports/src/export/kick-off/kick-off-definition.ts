import { type JobDefinition, minuteMs, tenTimes } from '@bulkhead/queues';
import { exportPayload } from '../export-payload.ts';

/** What a producer must know of the job. `finalize-export.job.ts`, on which the job depends, adds it for the next slice of an export. */
export const kickOffDefinition = {
  name: 'export.kick-off',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `kick-off.${exportId}`,
  // An EHR that is down for a quarter of an hour does not fail a nightly export.
  ...tenTimes,
  timeoutMs: 10 * minuteMs,
  tracedIds: ['exportId'],
} satisfies JobDefinition<{ readonly exportId: string }>;
