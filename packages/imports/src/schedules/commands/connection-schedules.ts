import type { ConnectionSchedules } from '@bulkhead/connections/commands';
import type { Producer } from '@bulkhead/queues';
import type { ScheduleStore } from '../schedule.feature.ts';
import { removeSchedule, setScheduler } from '../steps/run-schedule.job.ts';
import { newSchedule } from './new-schedule.ts';

/** Adds and removes schedules when a connection is created or deleted. */
export function createConnectionSchedules(store: ScheduleStore, producer: Producer): ConnectionSchedules {
  return {
    async addDefault(connection, timing) {
      const schedule = newSchedule({ connection, ...timing });
      await store.schedules.insert(schedule);
      await setScheduler(producer, schedule);
    },
    async removeAll(connectionId) {
      const schedules = await store.schedules.list({ connectionId, scope: 'all' });
      for (const { id: scheduleId } of schedules) await removeSchedule({ store, producer, scheduleId });
    },
  };
}
