import { nextRun } from '@bulkhead/runtime';
import type { Schedule } from '../schedule.record.ts';
import type { ScheduleDeps } from './deps.ts';
import { runSchedule } from './run-schedule.ts';

/**
 * A next run is planned again only if it is too late by the clock an hour from now. Otherwise a worker whose clock is a
 * little behind would find the run of this minute still to come, although another worker has just started it.
 */
const clockToleranceMs = 60 * 60_000;

/**
 * Gives each schedule its job, removes jobs without a schedule, repairs what was planned by a clock that was ahead, and
 * starts each run that is overdue, after the loss of Redis or a night in which everything was down.
 */
export async function sweepSchedules(deps: ScheduleDeps): Promise<void> {
  const { store, producer, logger, now } = deps;
  // The jobs first: one whose schedule is made in between is left alone.
  const jobs = new Map((await producer.listScheduledRuns()).map((job) => [job.scheduleId, job]));
  for (const schedule of await store.schedules.listUnpaused()) {
    await repairNextRun(deps, schedule);
    const { id: scheduleId, cron, timeZone } = schedule;
    const job = jobs.get(scheduleId);
    jobs.delete(scheduleId);
    if (job?.cron === cron && job.timeZone === timeZone && !job.astray) continue;
    await producer.scheduleCron({ name: 'schedule.run', payload: { scheduleId }, cron, timeZone });
    logger.warn('schedule had no usable job', { scheduleId });
  }
  for (const scheduleId of jobs.keys()) await producer.unschedule('schedule.run', { scheduleId });
  for (const scheduleId of await store.schedules.listDueIds(now())) {
    try {
      await runSchedule(deps, { scheduleId });
    } catch (error) {
      // One schedule's trouble must not keep the others waiting; the next sweep tries again.
      logger.error('sweep failed for a schedule', { scheduleId, error });
    }
  }
}

async function repairNextRun({ store, logger, now }: ScheduleDeps, schedule: Schedule): Promise<void> {
  const at = now();
  const latest = nextRun(schedule, new Date(at.getTime() + clockToleranceMs));
  if (schedule.nextRunAt <= latest) return;
  const changed = await store.schedules.change({ from: schedule, change: { nextRunAt: nextRun(schedule, at) } });
  if (changed) logger.warn('next run of a schedule was too far away', { scheduleId: schedule.id });
}
