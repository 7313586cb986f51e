import { defineJob, minuteMs, once } from '@bulkhead/queues';
import { z } from 'zod';
import { type CheckDeps, checkData, checkedRepositories } from '../report/check-data.ts';

export interface HealthDeps extends CheckDeps {
  readonly now: () => Date;
}

/** Checks the stored data for the health report of all processes. */
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
  uses: checkedRepositories,
  run: (deps: HealthDeps) => checkData(deps, deps.now()),
});
