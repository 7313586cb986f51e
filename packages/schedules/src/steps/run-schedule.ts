import { newId } from '@bulkhead/access';
import { AppError, nextRun } from '@bulkhead/runtime';
import { callBack } from '@bulkhead/webhooks/steps';
import { removeSchedule } from '../commands/schedule-job.ts';
import { startScheduledRun } from '../commands/start-scheduled-run.ts';
import type { Schedule, ScheduleRun } from '../schedule.record.ts';
import type { ScheduleDeps } from './deps.ts';

/** Clocks of workers differ by less; a job that comes earlier than this is not for the run that is next. */
const clockToleranceMs = 60_000;

/**
 * Starts the run of a schedule that is due. The claim and the plan of the next one are one update of the record, so
 * however many jobs, workers and sweeps come, each run is started once; and after nights that were missed there is one.
 * @throws AppError `schedule-not-due` for a job that is to come again when the schedule's spread is over.
 */
export async function runSchedule(deps: ScheduleDeps, { scheduleId }: { readonly scheduleId: string }): Promise<void> {
  const { store, producer, now } = deps;
  const schedule = await store.schedules.find(scheduleId);
  if (!schedule) return producer.unschedule('schedule.run', { scheduleId });
  // Somebody has claimed this run and died before it was stored.
  if (schedule.starting) return start(deps, schedule);
  if (schedule.paused) return;
  const at = now();
  const waitMs = schedule.nextRunAt.getTime() - at.getTime();
  if (waitMs > schedule.spreadMs + clockToleranceMs) return;
  if (waitMs > 0) throw notDue(waitMs);
  const runId = newId(schedule.kind === 'export' ? 'job' : 'sync');
  const claimed = await store.schedules.claim({
    from: schedule,
    starting: { runId, at },
    nextRunAt: nextRun(schedule, at),
  });
  if (claimed) await start(deps, claimed);
}

async function start(deps: ScheduleDeps, schedule: Schedule): Promise<void> {
  const { store, producer, logger } = deps;
  const { id, connectionId, starting } = schedule;
  if (!starting) return;
  if (!(await store.connections.find(connectionId))) {
    await removeSchedule({ store, producer, scheduleId: id });
    return logger.warn('schedule of a deleted connection removed', { scheduleId: id, connectionId });
  }
  const lastRun = await startOrSkip(deps, { schedule, ...starting });
  if (lastRun.outcome !== 'started') await tell(deps, { schedule, lastRun, runId: starting.runId });
  await store.schedules.settle({ id, runId: starting.runId, lastRun });
  const { outcome, reason } = lastRun;
  logger.info('schedule ran', { scheduleId: id, connectionId, outcome, reason });
}

async function startOrSkip(
  { store, producer, now }: ScheduleDeps,
  { schedule, runId, at }: { readonly schedule: Schedule; readonly runId: string; readonly at: Date },
): Promise<ScheduleRun> {
  try {
    await startScheduledRun({ store, producer, schedule, runId, now: now() });
    return { at, outcome: 'started', runId };
  } catch (error) {
    // Anything else passes (a database that is away), and the run is still to be started.
    if (!(error instanceof AppError) || error.retry !== 'never') throw error;
    const { code: reason, context } = error;
    const other = context.exportId ?? context.syncRunId;
    if (!overlaps.has(reason)) return { at, outcome: 'failed', reason };
    return { at, outcome: 'skipped-overlap', reason, ...(typeof other === 'string' ? { runId: other } : {}) };
  }
}

/** A run that starts tells of its end itself; one that does not would be missed by nobody. */
async function tell(
  deps: ScheduleDeps,
  { schedule, lastRun, runId }: { readonly schedule: Schedule; readonly lastRun: ScheduleRun; readonly runId: string },
): Promise<void> {
  const { id: scheduleId, connectionId, kind } = schedule;
  const { at, outcome, reason } = lastRun;
  const data = {
    id: scheduleId,
    connectionId,
    kind,
    ...(lastRun.runId === undefined ? {} : { runId: lastRun.runId }),
    errorCode: reason,
  };
  const type = outcome === 'failed' ? 'schedule.failed' : 'schedule.skipped';
  await callBack(deps, { event: { id: `${scheduleId}.${runId}`, connectionId, type, at, data } });
}

const overlaps: ReadonlySet<string> = new Set(['export-already-running', 'sync-already-running']);

function notDue(afterMs: number): AppError {
  return new AppError({
    code: 'schedule-not-due',
    message: 'The run is spread over the hour and comes later.',
    retry: { afterMs },
  });
}
