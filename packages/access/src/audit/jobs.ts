import { defineJob, minuteMs, once } from '@bulkhead/queues';
import { z } from 'zod';

export const keepAuditHeadJob = defineJob({
  name: 'maintenance.keep-audit-head',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'keep-audit-head',
  // The next one comes within an hour.
  ...once,
  timeoutMs: 1 * minuteMs,
  // Events that were removed within an hour are not missed by a comparison with a kept head.
  everyMs: 60 * minuteMs,
});
