import type { ConnectionSchedules } from '@bulkhead/connections/commands';
import type { Producer } from '@bulkhead/queues';
import { runScheduleJob } from '../jobs.ts';
import type { ScheduleStore } from '../schedule.feature.ts';
import type { Schedule } from '../schedule.record.ts';
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

/**
 * Creates the job of a schedule, or removes it if the schedule is paused. If the queue is unavailable, the sweep does this within a
 * minute.
 */
export async function setScheduler(
  producer: Producer,
  schedule: Pick<Schedule, 'id' | 'cron' | 'timeZone' | 'paused'>,
): Promise<void> {
  const { id: scheduleId, cron, timeZone, paused } = schedule;
  const payload = { scheduleId };
  const set = paused
    ? producer.unschedule(runScheduleJob, payload)
    : producer.scheduleCron({ job: runScheduleJob, payload, cron, timeZone });
  await set.catch(() => undefined);
}

/**
 * Deletes a schedule and its job. If the queue is unavailable, the sweep removes the job later.
 * @returns false if the schedule does not exist
 */
export async function removeSchedule(options: {
  readonly store: ScheduleStore;
  readonly producer: Producer;
  readonly scheduleId: string;
}): Promise<boolean> {
  const { store, producer, scheduleId } = options;
  const isDeleted = await store.schedules.delete(scheduleId);
  await producer.unschedule(runScheduleJob, { scheduleId }).catch(() => undefined);
  return isDeleted;
}
