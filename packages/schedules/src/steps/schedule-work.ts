import { type FeatureWork, noWork } from '@bulkhead/store';
import type { ScheduleDeps } from './run-schedule.ts';
import { sweepSchedules } from './sweep-schedules.ts';

export function scheduleWork(deps: ScheduleDeps): FeatureWork {
  const { store, producer } = deps;
  return {
    ...noWork,
    async stop(connectionId) {
      for (const { id: scheduleId } of await store.schedules.list({ connectionId, scope: [connectionId] }))
        await producer.unschedule('schedule.run', { scheduleId });
    },
    ensureJobs: () => sweepSchedules(deps),
  };
}
