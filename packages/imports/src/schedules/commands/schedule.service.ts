import { invalidRequest, newId, throwUnavailable } from '@bulkhead/base';
import { nextRun } from '@bulkhead/base/cron';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { Producer } from '@bulkhead/queues';
import { type ConnectionScope, isInScope, type Page, readPage, type ScopedReference } from '@bulkhead/store';
import { findCohort } from '../../export/commands.ts';
import { publicStatus } from '../../export/index.ts';
import { syncRunStatus } from '../../sync/index.ts';
import { scheduleError } from '../errors.ts';
import type { ScheduleStores } from '../schedule.feature.ts';
import { maxSchedules, type Schedule, scheduleFault } from '../schedule.record.ts';
import { removeSchedule, setScheduler } from './connection-schedules.ts';
import { newSchedule, spreadOf } from './new-schedule.ts';
import type { ScheduleBody, ScheduleChangeBody, ScheduleListQuery } from './schedule.schema.ts';
import { startScheduledRun } from './start-scheduled-run.ts';

/** A schedule, and the status of its last run. */
export interface ScheduleState {
  readonly schedule: Schedule;
  readonly runStatus?: string;
}

/** Creates, reads and changes schedules for the API. The workers do the runs. */
export class ScheduleService {
  readonly #options;

  constructor(options: {
    readonly store: ScheduleStores;
    readonly producer: Producer;
    readonly connections: ConnectionService;
  }) {
    this.#options = options;
  }

  /** @throws AppError `unknown-connection`, `unknown-cohort`, `too-many-schedules` */
  async create(options: { readonly body: ScheduleBody; readonly scope: ConnectionScope }): Promise<ScheduleState> {
    const { connectionId, ...fields } = options.body;
    const connection = await this.#options.connections.find({ id: connectionId, scope: options.scope });
    const { cohort: name } = fields.request;
    if (name !== undefined) await findCohort(this.#options.store, { connectionId, name });
    // Requests at the same moment can exceed it by their number.
    if ((await this.#options.store.schedules.count(connectionId)) >= maxSchedules)
      throw scheduleError('too-many-schedules');
    const schedule = newSchedule({ connection, ...fields });
    await this.#options.store.schedules.insert(schedule);
    await setScheduler(this.#options.producer, schedule);
    return { schedule };
  }

  /** Reads one page. @throws AppError `unknown-connection` */
  async list(query: ScheduleListQuery, scope: ConnectionScope): Promise<Page<ScheduleState>> {
    const { connectionId, provider, sort } = query;
    if (connectionId !== undefined) await this.#options.connections.find({ id: connectionId, scope });
    const { items, next } = await readPage(query, {
      ids: /^sched_/,
      read: (page) => this.#options.store.schedules.list({ connectionId, provider, scope, sort, ...page }),
    });
    return { items: await Promise.all(items.map((schedule) => this.#withRun(schedule))), next };
  }

  /** @throws AppError `unknown-schedule` */
  async get(reference: ScopedReference): Promise<ScheduleState> {
    return this.#withRun(await this.#find(reference));
  }

  /**
   * Changes a schedule. Runs that were missed during a pause or by the former times are not repeated.
   * @throws AppError `unknown-schedule`
   */
  async change(options: ScopedReference & { readonly body: ScheduleChangeBody }) {
    const { body, ...reference } = options;
    for (;;) {
      const from = await this.#find(reference);
      const change = toChange({ from, body, now: new Date() });
      if (isEqual(from, change)) return { ...(await this.#withRun(from)), isChanged: false };
      const schedule = await this.#options.store.schedules.change(from, change);
      if (!schedule) continue;
      await setScheduler(this.#options.producer, schedule);
      return { ...(await this.#withRun(schedule)), isChanged: true };
    }
  }

  /**
   * Starts a run now, in addition to those that are due.
   * @returns the schedule and the id of the run
   * @throws AppError `unknown-schedule`, `export-already-running`, `sync-already-running`, `schedule-request-invalid`, `unavailable`
   */
  async run(reference: ScopedReference): Promise<{ readonly schedule: Schedule; readonly runId: string }> {
    const schedule = await this.#find(reference);
    await this.#options.connections.find({ id: schedule.connectionId, scope: reference.scope });
    await this.#options.producer.checkWritable().catch(throwUnavailable);
    const runId = newId(schedule.kind === 'export' ? 'job' : 'sync');
    const now = new Date();
    await startScheduledRun({ store: this.#options.store, producer: this.#options.producer, schedule, runId, now });
    await this.#options.store.schedules.noteRun({ id: schedule.id, lastRun: { at: now, outcome: 'started', runId } });
    return { schedule, runId };
  }

  /** @throws AppError `unknown-schedule` */
  async delete(reference: ScopedReference): Promise<void> {
    const { id } = await this.#find(reference);
    if (!(await removeSchedule({ store: this.#options.store, producer: this.#options.producer, scheduleId: id })))
      throw scheduleError('unknown-schedule');
  }

  async #find({ id, scope }: ScopedReference): Promise<Schedule> {
    const schedule = await this.#options.store.schedules.find(id);
    if (schedule && isInScope(scope, schedule.connectionId)) return schedule;
    throw scheduleError('unknown-schedule');
  }

  async #withRun(schedule: Schedule): Promise<ScheduleState> {
    const runId = schedule.lastRun?.runId;
    if (runId === undefined) return { schedule };
    if (schedule.kind === 'sync') {
      const run = await this.#options.store.syncRuns.find(runId);
      return { schedule, ...(run ? { runStatus: syncRunStatus(run.phase) } : {}) };
    }
    const record = await this.#options.store.bulkExports.find(runId);
    return { schedule, ...(record ? { runStatus: publicStatus(record.phase) } : {}) };
  }
}

export function toChange(options: { readonly from: Schedule; readonly body: ScheduleChangeBody; readonly now: Date }) {
  const { from, body, now } = options;
  const { cron = from.cron, timeZone = from.timeZone, spread = from.spreadMs > 0, paused = from.paused } = body;
  const spreadMs = spread ? spreadOf({ id: from.id, cron }) : 0;
  const isMoved = cron !== from.cron || timeZone !== from.timeZone || spreadMs !== from.spreadMs;
  const isResumed = from.paused && !paused;
  // The schema has accepted the zone of a request. Only a stored zone can be unknown.
  const fault = isMoved || isResumed ? scheduleFault({ timeZone }) : undefined;
  if (fault !== undefined) throw invalidRequest([{ path: 'timeZone', message: `is missing. ${fault}` }]);
  const nextRunAt = isMoved || isResumed ? nextRun({ cron, timeZone, spreadMs }, now) : from.nextRunAt;
  return { cron, timeZone, spreadMs, paused, nextRunAt };
}

export function isEqual(from: Schedule, change: ReturnType<typeof toChange>): boolean {
  const { cron, timeZone, spreadMs, paused } = change;
  const isMoved = cron !== from.cron || timeZone !== from.timeZone || spreadMs !== from.spreadMs;
  return !isMoved && paused === from.paused;
}
