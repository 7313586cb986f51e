import { AppError, type ErrorCode, type Logger, newId, type PeopleText } from '@bulkhead/base';
import { nextRun } from '@bulkhead/base/cron';
import type { ConnectionDeps } from '@bulkhead/connections/steps';
import { type Producer, work } from '@bulkhead/queues';
import type { WebhookStore } from '@bulkhead/webhooks';
import { createDeliveries } from '@bulkhead/webhooks/steps';
import { windowEnd } from '../../export/steps.ts';
import { removeSchedule } from '../commands/connection-schedules.ts';
import { type StartRepository, startScheduledRun } from '../commands/start-scheduled-run.ts';
import { scheduleError } from '../errors.ts';
import { runScheduleJob } from '../jobs.ts';
import type { ScheduleStores } from '../schedule.feature.ts';
import { type Schedule, type ScheduleRun, scheduleFault } from '../schedule.record.ts';

export type RunRepository =
  | 'bulkExports'
  | 'cohorts'
  | 'connections'
  | 'schedules'
  | 'syncRuns'
  | 'watermarks'
  | 'webhookDeliveries';

export const runScheduleWork = work(runScheduleJob, { run: runSchedule });

/** The dependencies of the steps of this feature. */
export interface ScheduleDeps<Uses extends keyof (ScheduleStores & WebhookStore)>
  extends Pick<ConnectionDeps<never>, 'ehr'> {
  readonly store: Pick<ScheduleStores & WebhookStore, Uses>;
  readonly producer: Producer;
  readonly logger: Logger;
  readonly peopleTextOf: (code: string) => PeopleText | undefined;
  readonly now: () => Date;
}

/** The clocks of workers differ by less. A job that runs earlier than this is not for the next run. */
const clockToleranceMs = 60_000;

/**
 * Starts the run of a schedule that is due. One update takes the run and plans the next one, so each run is started once, however many
 * jobs, workers and sweeps try. Missed nights are made up for by a single run.
 * @throws AppError `schedule-not-due` if the job must run again when the spread of the schedule is over
 */
export async function runSchedule(
  deps: ScheduleDeps<RunRepository>,
  { scheduleId }: { readonly scheduleId: string },
): Promise<void> {
  const { store, producer, logger, now } = deps;
  const schedule = await store.schedules.find(scheduleId);
  if (!schedule) return producer.unschedule(runScheduleJob, { scheduleId });
  // A worker has taken this run and may have died before it was stored.
  if (schedule.starting) return start(deps, schedule);
  if (schedule.paused) return;
  // The run stays due, so that it starts after a change of the schedule, or on a worker that knows the time zone.
  const fault = scheduleFault(schedule);
  if (fault !== undefined) return logger.error('schedule cannot run', { scheduleId, reason: fault });
  const at = now();
  const waitMs = schedule.nextRunAt.getTime() - at.getTime();
  if (waitMs > schedule.spreadMs + clockToleranceMs) return;
  if (waitMs > 0) throw scheduleError('schedule-not-due', { retry: { afterMs: waitMs } });
  if (await moveBehindWindow(deps, schedule)) return;
  const runId = newId(schedule.kind === 'export' ? 'job' : 'sync');
  const taken = await store.schedules.takeRun({
    from: schedule,
    starting: { runId, at },
    nextRunAt: nextRun(schedule, at),
  });
  if (taken) await start(deps, taken);
}

/**
 * Moves a run that is due before the EHR exports the Group again (`kickOffWindow` of the provider). The sweep starts it then. A run that
 * would start after the next one is left out.
 */
async function moveBehindWindow(
  { store, ehr, logger, now }: ScheduleDeps<'bulkExports' | 'connections' | 'schedules'>,
  schedule: Schedule,
): Promise<boolean> {
  const { id: scheduleId, kind, connectionId, request } = schedule;
  const connection = kind === 'export' ? await store.connections.findWithSecrets(connectionId) : undefined;
  if (!connection) return false;
  const { provider } = ehr.session(connection);
  const { exportType = 'Patient' } = request;
  const until = await windowEnd({ store, provider, connection, request: { exportType } });
  if (!until || until <= now()) return false;
  const nextRunAt = new Date(Math.min(until.getTime(), nextRun(schedule, now()).getTime()));
  await store.schedules.change(schedule, { nextRunAt });
  logger.info('schedule moved behind the window of the EHR', { scheduleId, connectionId });
  return true;
}

async function start(deps: ScheduleDeps<RunRepository>, schedule: Schedule): Promise<void> {
  const { store, producer, logger } = deps;
  const { id, connectionId, starting } = schedule;
  if (!starting) return;
  if (!(await store.connections.find(connectionId))) {
    await removeSchedule({ store, producer, scheduleId: id });
    return logger.warn('schedule of a deleted connection removed', { scheduleId: id, connectionId });
  }
  const lastRun = await startOrSkip(deps, { schedule, ...starting });
  if (lastRun.outcome !== 'started') await notifyClients(deps, { schedule, lastRun, runId: starting.runId });
  await store.schedules.settle({ id, runId: starting.runId, lastRun });
  const { outcome, reason } = lastRun;
  logger.info('schedule ran', { scheduleId: id, connectionId, outcome, reason });
}

async function startOrSkip(
  { store, producer, now }: ScheduleDeps<StartRepository>,
  { schedule, runId, at }: { readonly schedule: Schedule; readonly runId: string; readonly at: Date },
): Promise<ScheduleRun> {
  try {
    await startScheduledRun({ store, producer, schedule, runId, now: now() });
    return { at, outcome: 'started', runId };
  } catch (error) {
    // Other errors are transient, such as an unavailable database. The run must still be started.
    if (!(error instanceof AppError) || error.retry !== 'never') throw error;
    const { code: reason, context } = error;
    const activeRunId = context.exportId ?? context.syncRunId;
    if (!overlaps.has(reason)) return { at, outcome: 'failed', reason };
    return {
      at,
      outcome: 'skipped-overlap',
      reason,
      ...(typeof activeRunId === 'string' ? { runId: activeRunId } : {}),
    };
  }
}

/** Sends a webhook for a run that was not started. A started run sends one itself when it ends. */
async function notifyClients(
  deps: ScheduleDeps<'connections' | 'webhookDeliveries'>,
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
  await createDeliveries(deps, { event: { id: `${scheduleId}.${runId}`, connectionId, type, at, data } });
}

const overlaps: ReadonlySet<ErrorCode> = new Set(['export-already-running', 'sync-already-running']);
