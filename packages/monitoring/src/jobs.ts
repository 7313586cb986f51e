import { defineJob, minuteMs, once } from '@bulkhead/queues';
import { z } from 'zod';

export const checkHealthJob = defineJob({
  name: 'maintenance.check-health',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'check-health',
  // The next one comes within a minute.
  ...once,
  timeoutMs: 1 * minuteMs,
  // Alerts wait for minutes before they fire.
  everyMs: minuteMs,
});

export const sampleHistoryJob = defineJob({
  name: 'maintenance.sample-history',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'sample-history',
  // The next one comes within a minute, and it includes the runs of this one.
  ...once,
  timeoutMs: 1 * minuteMs,
  // A backlog that lasts a minute is worth showing.
  everyMs: minuteMs,
});

export const sweepJob = defineJob({
  name: 'maintenance.sweep',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'sweep',
  ...once,
  timeoutMs: 5 * minuteMs,
});
