import type { Producer } from '@bulkhead/queues';
import type { ScheduleStore } from '../store.ts';

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
