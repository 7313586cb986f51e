import type { Producer } from '@bulkhead/queues';
import type { z } from 'zod';
import { bulkExportRequestSchema, newExport, requestKey } from '../../export/commands.ts';
import { isTerminal } from '../../export/index.ts';
import { kickOffJob } from '../../export/jobs.ts';
import { newSyncRun, syncAlreadyRunning, syncBodySchema } from '../../sync/commands.ts';
import { isSyncActive } from '../../sync/index.ts';
import { planSyncJob } from '../../sync/jobs.ts';
import { scheduleError } from '../errors.ts';
import type { ScheduleStores } from '../schedule.feature.ts';
import type { Schedule } from '../schedule.record.ts';

/** The repositories in which the start of a run reads and writes. */
export type StartRepository = 'bulkExports' | 'cohorts' | 'syncRuns' | 'watermarks';

interface StartOptions {
  readonly store: Pick<ScheduleStores, StartRepository>;
  readonly producer: Producer;
  readonly schedule: Schedule;
  /** The id of the run. Starting a run again with the same id only does what is missing, so an interrupted start can be repeated. */
  readonly runId: string;
  readonly now: Date;
}

/**
 * Starts a run of a schedule, as a POST would: stores the record and enqueues the job. If the queue is unavailable, the sweep
 * enqueues it.
 * @throws AppError `export-already-running` or `sync-already-running`, with the id of the running one; `schedule-request-invalid` for a
 * request that an older version accepted and this one does not
 */
export async function startScheduledRun(options: StartOptions): Promise<void> {
  await checkOverlap(options);
  await (options.schedule.kind === 'export' ? startExport(options) : startSync(options));
}

/** While an export is running, the watermarks have not advanced, so another one would request the same data again. */
async function checkOverlap({ store, schedule, runId }: StartOptions): Promise<void> {
  const { kind, lastRun } = schedule;
  const lastId = lastRun?.runId;
  if (lastId === undefined || lastId === runId) return;
  if (kind === 'sync') {
    const last = await store.syncRuns.find(lastId);
    if (last && isSyncActive(last)) throw syncAlreadyRunning(lastId);
    return;
  }
  const last = await store.bulkExports.find(lastId);
  if (!last || isTerminal(last.phase)) return;
  throw scheduleError('export-already-running', { context: { exportId: lastId } });
}

async function startExport({ store, producer, schedule, runId, now }: StartOptions): Promise<void> {
  const { connectionId, provider, request } = schedule;
  if (!(await store.bulkExports.find(runId))) {
    const body = parse(bulkExportRequestSchema, { ...request, connectionId, since: 'last' });
    const created = await newExport({ store, provider: { id: provider }, body });
    const record = { ...created, id: runId, scheduleId: schedule.id, createdAt: now };
    await store.bulkExports.insert({ record, requestKey: requestKey(record.request) });
  }
  await producer.enqueue(kickOffJob, { exportId: runId }).catch(() => undefined);
}

async function startSync({ store, producer, schedule, runId, now }: StartOptions): Promise<void> {
  const { connectionId, provider, request } = schedule;
  if (!(await store.syncRuns.find(runId))) {
    // The default of a request is that of the guide's call. A schedule keeps the whole record current.
    const includeOthers = request.resourceTypes === undefined;
    const body = parse(syncBodySchema, { includeOthers, ...request, connectionId });
    const record = { ...newSyncRun({ provider, body }), id: runId, scheduleId: schedule.id, createdAt: now };
    const holder = await store.syncRuns.insert(record);
    if (holder !== runId) throw syncAlreadyRunning(holder);
  }
  await producer.enqueue(planSyncJob, { syncRunId: runId }).catch(() => undefined);
}

function parse<RequestSchema extends z.ZodType>(schema: RequestSchema, value: unknown): z.output<RequestSchema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw scheduleError('schedule-request-invalid', { cause: parsed.error });
}
