import { nextRuns } from '@bulkhead/base/cron';
import { instantSchema, type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { scheduleFault, scheduleRequestFields, scheduleSchema } from '../schedule.record.ts';
import type { ScheduleState } from './schedule.service.ts';

const { spreadMs, paused, nextRunAt, lastRun, createdAt, ...fields } = viewShapeOf(scheduleSchema, [
  'id',
  'connectionId',
  'provider',
  'kind',
  // None of them is a secret, and a schedule is shown as it was requested.
  { request: scheduleRequestFields },
  'cron',
  'timeZone',
  'spreadMs',
  'paused',
  'nextRunAt',
  { lastRun: ['at', 'outcome', 'runId', 'reason'] },
  'createdAt',
]);
export const scheduleViewSchema = z
  .strictObject({
    ...fields,
    spread: z
      .boolean()
      .describe('Whether runs start some minutes after the cron time, so that practices do not all start together.'),
    spreadMs,
    paused,
    nextRunAt: nextRunAt
      .exactOptional()
      .describe('When the next run starts. Absent while the schedule is paused, and with an `errorMessage`.'),
    errorMessage: z
      .string()
      .exactOptional()
      .describe('Why the schedule cannot start runs, and what to do. Absent if it can.'),
    lastRun: lastRun
      .unwrap()
      .extend({
        runStatus: z
          .string()
          .exactOptional()
          .describe('The current `status` of the run that was started. Absent if its record was deleted.'),
      })
      .exactOptional()
      .describe('The last run that was due. Absent before the first.'),
    createdAt,
    nextRuns: z
      .array(instantSchema)
      .describe(
        'The next five cron times with the spread. Empty while the schedule is paused, and with an `errorMessage`.',
      ),
  })
  .meta({ id: 'Schedule', description: 'A cron expression that starts recurring exports or syncs of one connection.' });

type ScheduleView = View<typeof scheduleViewSchema>;

/** Five runs show the days of a weekly cron and a change of the clocks, so that readers can check whether the cron is right. */
const shownRuns = 5;

/** A paused schedule has no next run, and neither has one with a fault. */
export function toScheduleView({ schedule, runStatus }: ScheduleState): ScheduleView {
  const { lastRun, paused, spreadMs, nextRunAt } = schedule;
  const errorMessage = scheduleFault(schedule);
  const isActive = !paused && errorMessage === undefined;
  return viewOf(scheduleViewSchema, {
    ...schedule,
    spread: spreadMs > 0,
    nextRunAt: isActive ? nextRunAt : undefined,
    // An overdue schedule runs at once, so `nextRuns` has only the times of the cron.
    nextRuns: isActive ? nextRuns(schedule, { after: new Date(), count: shownRuns }) : [],
    errorMessage,
    lastRun: lastRun && { ...lastRun, runStatus },
  });
}
