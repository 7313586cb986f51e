import { nextRuns } from '@bulkhead/runtime';
import type { ScheduleState } from './schedule.service.ts';

/** A schedule as it is listed. A paused one has no next run. */
export function toScheduleView({ schedule, runStatus }: ScheduleState) {
  const { id, connectionId, provider, kind, request, cron, timeZone, spreadMs, paused, nextRunAt, createdAt } =
    schedule;
  const { lastRun } = schedule;
  return {
    id,
    connectionId,
    provider,
    kind,
    request,
    cron,
    timeZone,
    spread: spreadMs > 0,
    spreadMs,
    paused,
    ...(paused ? {} : { nextRunAt: nextRunAt.toISOString() }),
    ...(lastRun === undefined
      ? {}
      : { lastRun: { ...lastRun, at: lastRun.at.toISOString(), ...(runStatus === undefined ? {} : { runStatus }) } }),
    createdAt: createdAt.toISOString(),
  };
}

/** How many coming runs are shown: with the days of a week's cron and one switch of the clocks one sees whether it is meant so. */
const shownRuns = 5;

/** A schedule with its next runs. */
export function toScheduleDetail(state: ScheduleState) {
  const { schedule } = state;
  // One that is late runs at once; `nextRuns` is what comes by the cron.
  const coming = schedule.paused ? [] : nextRuns(schedule, { after: new Date(), count: shownRuns });
  return { ...toScheduleView(state), nextRuns: coming.map((at) => at.toISOString()) };
}
