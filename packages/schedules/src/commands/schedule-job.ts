import type { Producer } from '@bulkhead/queues';
import type { Schedule } from '../schedule.record.ts';
import type { ScheduleStore } from '../store.ts';

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
    ? producer.unschedule('schedule.run', payload)
    : producer.scheduleCron({ name: 'schedule.run', payload, cron, timeZone });
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
  await producer.unschedule('schedule.run', { scheduleId }).catch(() => undefined);
  return isDeleted;
}
