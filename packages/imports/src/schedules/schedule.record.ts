import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import { isTimeZone } from '@bulkhead/base/cron';
import { scheduleKinds } from '@bulkhead/ehr/providers';
import { exportTypes } from '@bulkhead/fhir';
import { countSchema, instantSchema } from '@bulkhead/store';
import { z } from 'zod';

/** The fields of the request of each run. The kind decides which of them it can have. */
const scheduleRequestSchema = z.strictObject({
  exportType: z
    .enum(exportTypes)
    .exactOptional()
    .describe('Of an export: `Patient`, `Group` or `System`. Default: `Patient`.'),
  cohort: z
    .string()
    .exactOptional()
    .describe('Of an export: the name of the cohort whose patients are exported. Default: all patients of the level.'),
  includeStandard: z
    .boolean()
    .exactOptional()
    .describe('Of a sync: whether the standard types are searched. Default: `true`.'),
  includeEnhanced: z
    .boolean()
    .exactOptional()
    .describe('Of a sync: whether the enhanced types are searched. Default: `true`.'),
  includeOthers: z
    .boolean()
    .exactOptional()
    .describe(
      'Of a sync: whether all other types are searched that the EHR declares as searchable by patient. Default: `true`, or `false` with `resourceTypes`.',
    ),
  includeAppointments: z
    .boolean()
    .exactOptional()
    .describe(
      'Of a sync: whether appointments to which stored Encounters refer are read by their ids. Default: `false`.',
    ),
  includeReferences: z
    .boolean()
    .exactOptional()
    .describe(
      'Of a sync: whether resources to which stored resources refer and that are not stored are read by their ids. Default: `false`.',
    ),
  resourceTypes: z
    .array(z.string())
    .exactOptional()
    .describe(
      'The FHIR resource types of each run. Default: every type of the export, or the whole enhanced set of the sync.',
    ),
});
export type ScheduleRequest = Immutable<z.output<typeof scheduleRequestSchema>>;
export const scheduleRequestFields = scheduleRequestSchema.keyof().options;

const scheduleRunSchema = z.strictObject({
  at: z.date().describe('When the run was due.'),
  outcome: z
    .enum(['started', 'skipped-overlap', 'failed'])
    .describe(
      '`started`, `skipped-overlap` (the previous run was still active) or `failed` (nothing could be started).',
    ),
  runId: z.string().exactOptional().describe('The run that was started, or the active run that prevented the start.'),
  reason: errorCodeSchema.exactOptional().describe('The code of the error, if the outcome is `failed`.'),
});
export type ScheduleRun = Immutable<z.output<typeof scheduleRunSchema>>;

/** Four for each cohort that a connection can have. Each is a job that waits in Redis. */
export const maxSchedules = 200;

/** A cron that starts recurring runs of one connection. */
export const scheduleSchema = z.strictObject({
  id: z.string().describe('The id of the schedule, which begins with `sched_`.'),
  connectionId: z.string().describe('The connection that is exported or searched.'),
  provider: z.string().describe('The EHR vendor of the connection, such as `athenahealth`.'),
  kind: z.enum(scheduleKinds).describe('What is started: `export` (of what changed since the last one) or `sync`.'),
  request: scheduleRequestSchema.describe(
    'The fields of the request of each run. Fields that are absent have their defaults.',
  ),
  cron: z
    .string()
    .describe(
      'Five fields (minute, hour, day of the month, month, day of the week), as wall-clock times in `timeZone`.',
    ),
  timeZone: z.string().describe('A name of the IANA database, such as `America/New_York`.'),
  spreadMs: countSchema.describe(
    'How many milliseconds later than the cron time a run starts. 0 starts it exactly at the minute.',
  ),
  paused: z.boolean().describe('Whether no runs are started.'),
  /** Every change and every run increments it and is conditional on it. */
  version: countSchema,
  nextRunAt: z.date().describe('When the next run starts, with the spread.'),
  /** A taken run that may not be stored yet. If its worker has died, the sweep continues it with this id. */
  starting: z.strictObject({ runId: z.string(), at: z.date() }).exactOptional(),
  lastRun: scheduleRunSchema.exactOptional().describe('The last run that was due. Absent before the first.'),
  createdAt: z.date().describe('When the schedule was added.'),
});
export type Schedule = Immutable<z.output<typeof scheduleSchema>>;

/**
 * Why the next run of a stored schedule cannot be planned, and what to do. The time zone was known when it was stored, but versions of
 * Node.js have different time zones.
 */
export function scheduleFault({ timeZone }: Pick<Schedule, 'timeZone'>): string | undefined {
  if (isTimeZone(timeZone)) return undefined;
  return 'This server does not know the time zone of the schedule, so it starts no runs. Set another time zone.';
}

/** The body of the webhook that reports a run that was not started. It contains ids, and no patient data. */
export const scheduleNotStartedEventSchema = z
  .strictObject({
    type: z
      .enum(['schedule.failed', 'schedule.skipped'])
      .describe('Why nothing was started. `failed`: it could not start. `skipped`: the previous run was still active.'),
    timestamp: instantSchema.describe('When the run was due.'),
    data: z
      .strictObject({
        id: scheduleSchema.shape.id,
        connectionId: scheduleSchema.shape.connectionId,
        kind: scheduleSchema.shape.kind,
        runId: z
          .string()
          .exactOptional()
          .describe('The active run that prevented the start. Present if it was skipped.'),
        errorCode: errorCodeSchema.describe('The code of the error: docs/errors.md lists them.'),
        errorTitle: z.string().exactOptional().describe('What is wrong, in a few words for people.'),
        errorAdvice: z.string().exactOptional().describe('What to do, for people.'),
      })
      .describe('The schedule. Read its `lastRun` for the details.'),
  })
  .meta({ id: 'ScheduleNotStartedEvent', description: 'A schedule could not start its run, or skipped it.' });
