import { defineJob, minuteMs, threeTimes } from '@bulkhead/queues';
import { z } from 'zod';

export const deliverJob = defineJob({
  name: 'webhook.deliver',
  queue: 'webhook',
  payload: z.strictObject({ deliveryId: z.string().min(1) }),
  jobId: ({ deliveryId }) => `deliver.${deliveryId}`,
  // A receiver may be unavailable for a night. 10 s doubled 13 times is 23 h.
  attempts: 14,
  backoffMs: 10_000,
  timeoutMs: 1 * minuteMs,
});

export const notifyJob = defineJob({
  name: 'webhook.notify',
  queue: 'webhook',
  payload: z.strictObject({ kind: z.enum(['bulk-export', 'sync-run']), id: z.string().min(1) }),
  jobId: ({ id }) => `notify.${id}`,
  // The sweep does the same within a minute.
  ...threeTimes,
  timeoutMs: 1 * minuteMs,
});
