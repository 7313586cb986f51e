import { isDeepStrictEqual } from 'node:util';
import type { Schedule } from '../schedule.record.ts';
import type { DesiredSchedule } from './schedule.schema.ts';
import { isEqual, toChange } from './schedule.service.ts';

export interface SchedulePlan {
  readonly create: readonly DesiredSchedule[];
  readonly change: readonly { readonly schedule: Schedule; readonly to: DesiredSchedule }[];
  /** Those that the file does not have. */
  readonly others: readonly Schedule[];
}

/**
 * Compares the schedules of a connection with those of a file. Schedules have no names: one of the same kind and request is the same one at
 * another time.
 */
export function planSchedules(desired: readonly DesiredSchedule[], stored: readonly Schedule[]): SchedulePlan {
  const others = [...stored];
  const take = (isMatch: (schedule: Schedule) => boolean) => {
    const index = others.findIndex(isMatch);
    return index < 0 ? undefined : others.splice(index, 1)[0];
  };
  const isSameWork = (schedule: Schedule, { kind, request }: DesiredSchedule) =>
    schedule.kind === kind && isDeepStrictEqual(schedule.request, request);
  // Equal ones first, so that none of them is changed into another.
  const missing = desired.filter(
    (wanted) =>
      !take((from) => isSameWork(from, wanted) && isEqual(from, toChange({ from, body: wanted, now: new Date() }))),
  );
  const change: SchedulePlan['change'][number][] = [];
  const create = missing.filter((wanted) => {
    const schedule = take((from) => isSameWork(from, wanted));
    if (schedule) change.push({ schedule, to: wanted });
    return !schedule;
  });
  return { create, change, others };
}
