import { defineJob, minuteMs, threeTimes } from '@bulkhead/queues';
import { z } from 'zod';

export const runScheduleJob = defineJob({
  name: 'schedule.run',
  queue: 'maintenance',
  payload: z.strictObject({ scheduleId: z.string().min(1) }),
  jobId: ({ scheduleId }) => `schedule.${scheduleId}`,
  // The sweep does the same within a minute.
  ...threeTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['scheduleId'],
});
