import { defineJob, minuteMs, threeTimes } from '@bulkhead/queues';
import { z } from 'zod';

export const replayJob = defineJob({
  name: 'quarantine.replay',
  queue: 'maintenance',
  payload: z.strictObject({ quarantineId: z.string().min(1) }),
  jobId: ({ quarantineId }) => `replay.${quarantineId}`,
  ...threeTimes,
  timeoutMs: 2 * minuteMs,
});
