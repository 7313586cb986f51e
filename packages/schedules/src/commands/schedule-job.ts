import type { Producer } from '@bulkhead/queues';
import type { Schedule } from '../schedule.record.ts';
import type { ScheduleStore } from '../store.ts';

/** Gives a schedule its job, or takes it from a paused one. With the queue away the sweep does it within a minute. */
export async function setScheduler(options: {
  readonly producer: Producer;
  readonly schedule: Pick<Schedule, 'id' | 'cron' | 'timeZone' | 'paused'>;
}): Promise<void> {
  const { producer, schedule } = options;
  const { id: scheduleId, cron, timeZone, paused } = schedule;
  const payload = { scheduleId };
  const set = paused
    ? producer.unschedule('schedule.run', payload)
    : producer.scheduleCron({ name: 'schedule.run', payload, cron, timeZone });
  await set.catch(() => undefined);
}

/**
 * Deletes a schedule and its job. With the queue away the sweep finds a job without a schedule.
 * @returns false where there is none.
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
