import { work } from '@bulkhead/queues';
import { checkHealthJob } from '../jobs.ts';
import { type CheckDeps, checkData } from '../report/check-data.ts';

export interface HealthDeps extends CheckDeps {
  readonly now: () => Date;
}

/** Checks the stored data for the health report of all processes. */
export const checkHealthWork = work(checkHealthJob, { run: (deps: HealthDeps) => checkData(deps, deps.now()) });
