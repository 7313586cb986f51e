import type { UseCaseDeps } from './deps.ts';
import { runSchedule } from './run-schedule.ts';

/**
 * Gives each schedule its job, takes away those that nobody needs, and starts what is due and was not started: after the
 * loss of Redis, or a night in which everything was down.
 */
export async function sweepSchedules(deps: UseCaseDeps): Promise<void> {
  const { store, producer, logger, now } = deps;
  // The jobs first: one whose schedule is made in between is left alone.
  const jobs = new Map((await producer.listScheduledRuns()).map((job) => [job.scheduleId, job]));
  for (const { id: scheduleId, cron, timeZone } of await store.schedules.listUnpaused()) {
    const job = jobs.get(scheduleId);
    jobs.delete(scheduleId);
    if (job?.cron === cron && job.timeZone === timeZone) continue;
    await producer.scheduleCron({ name: 'schedule.run', payload: { scheduleId }, cron, timeZone });
    logger.warn('schedule had no job', { scheduleId });
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
