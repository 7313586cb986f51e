import { nextRun } from '@bulkhead/base/cron';
import { runScheduleJob } from '../jobs.ts';
import { type Schedule, scheduleFault } from '../schedule.record.ts';
import { type RunRepository, runSchedule, type ScheduleDeps } from './run-schedule.job.ts';

/**
 * A next run is planned again only if it is later than the next run would be in an hour. Otherwise a worker whose clock is a little
 * behind would plan the run of this minute again, although another worker has just started it.
 */
const clockToleranceMs = 60 * 60_000;

/**
 * Creates missing jobs of schedules, removes jobs without a schedule, repairs next runs that were planned by a clock that was ahead, and
 * starts overdue runs, for example after the loss of Redis or an outage of the whole system.
 */
export async function sweepSchedules(deps: ScheduleDeps<RunRepository>): Promise<void> {
  const { store, producer, logger, now } = deps;
  // Read the jobs first, so that the job of a schedule that is created meanwhile is not removed.
  const jobs = new Map(
    (await producer.listScheduled(runScheduleJob)).map((job) => [job.payload.scheduleId ?? '', job]),
  );
  /** An error of one schedule must not delay the others. The next sweep tries it again. */
  const attempt = async (scheduleId: string, run: () => Promise<void>) => {
    try {
      await run();
    } catch (error) {
      logger.error('sweep failed for a schedule', { scheduleId, error });
    }
  };
  let repaired = 0;
  for (const schedule of await store.schedules.listUnpaused()) {
    // Its job is removed below, because BullMQ cannot plan its next iteration either.
    if (scheduleFault(schedule) !== undefined) continue;
    const { id: scheduleId, cron, timeZone } = schedule;
    const job = jobs.get(scheduleId);
    jobs.delete(scheduleId);
    await attempt(scheduleId, async () => {
      await repairNextRun(deps, schedule);
      if (job?.cron === cron && job.timeZone === timeZone && !job.isTooLate) return;
      await producer.scheduleCron({ job: runScheduleJob, payload: { scheduleId }, cron, timeZone });
      repaired += 1;
    });
  }
  // After a loss of Redis no schedule has one.
  if (repaired > 0) logger.warn('schedules had no usable job', { count: repaired });
  for (const scheduleId of jobs.keys()) await producer.unschedule(runScheduleJob, { scheduleId });
  for (const scheduleId of await store.schedules.listDueIds(now()))
    await attempt(scheduleId, () => runSchedule(deps, { scheduleId }));
}

async function repairNextRun({ store, logger, now }: ScheduleDeps<'schedules'>, schedule: Schedule): Promise<void> {
  const at = now();
  const latest = nextRun(schedule, new Date(at.getTime() + clockToleranceMs));
  if (schedule.nextRunAt <= latest) return;
  const changed = await store.schedules.change(schedule, { nextRunAt: nextRun(schedule, at) });
  if (changed) logger.warn('next run of a schedule was too far away', { scheduleId: schedule.id });
}
