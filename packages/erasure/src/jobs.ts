import { defineJob, minuteMs, once, tenTimes } from '@bulkhead/queues';
import { z } from 'zod';

export const retainJob = defineJob({
  name: 'maintenance.retain',
  queue: 'maintenance',
  payload: z.strictObject({}),
  jobId: () => 'retain',
  // The next run, an hour later, is the retry. It continues where this one stopped.
  ...once,
  // 50,000 records of each kind take minutes.
  timeoutMs: 20 * minuteMs,
  // Retention is counted in days. After a loss of Redis it is at most an hour late, and a long pass continues after an hour.
  everyMs: 60 * minuteMs,
});

export const eraseJob = defineJob({
  name: 'maintenance.erase',
  queue: 'maintenance',
  payload: z.strictObject({ erasureId: z.string().min(1) }),
  jobId: ({ erasureId }) => `erase.${erasureId}`,
  // The sweep adds the job again until the erasure is done.
  ...tenTimes,
  // Enough for 10 million resources at about 5,000 per second. The next attempt continues with the rest.
  timeoutMs: 60 * minuteMs,
  reportsProgress: true,
});
