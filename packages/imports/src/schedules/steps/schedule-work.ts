import { type FeatureWork, leavesNothingAtEhr, withholdsNoLines, worksOnNoPatient } from '@bulkhead/store';
import { runScheduleJob } from '../jobs.ts';
import type { RunRepository, ScheduleDeps } from './run-schedule.job.ts';
import { sweepSchedules } from './sweep-schedules.ts';

export function scheduleWork(deps: ScheduleDeps<RunRepository>): FeatureWork {
  const { store, producer } = deps;
  return {
    leaveEhr: leavesNothingAtEhr,
    isBusyWith: worksOnNoPatient,
    recountWithheld: withholdsNoLines,
    async stop(connectionId) {
      for (const { id: scheduleId } of await store.schedules.list({ connectionId, scope: [connectionId] }))
        await producer.unschedule(runScheduleJob, { scheduleId });
    },
    ensureJobs: () => sweepSchedules(deps),
  };
}
