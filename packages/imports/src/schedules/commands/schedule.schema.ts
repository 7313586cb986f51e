import { validate } from '@bulkhead/base';
import { cronFault, isTimeZone } from '@bulkhead/base/cron';
import { type ScheduleKind, scheduleKinds } from '@bulkhead/ehr/providers';
import { pageQuery } from '@bulkhead/store';
import { z } from 'zod';
import { bulkExportRequestSchema } from '../../export/commands.ts';
import { syncBodySchema } from '../../sync/commands.ts';
import type { ScheduleRequest } from '../schedule.record.ts';

const cronSchema = z
  .string('must be a cron expression of five fields, such as "0 2 * * *"')
  .max(200, 'is longer than 200 characters')
  .refine((cron) => cronFault(cron) === undefined, { error: ({ input }) => cronFault(String(input)) });

const timeZoneError = 'must be a time zone of the IANA database, such as America/New_York';
const timeZoneSchema = z.string(timeZoneError).refine(isTimeZone, timeZoneError);

/**
 * The fields that the request of a schedule may have. `since` is not one of them, because the schedule decides where each run starts.
 * Fields that would not suit every run, such as patients, are left out too.
 */
const requestFields: Readonly<Record<ScheduleKind, readonly (keyof ScheduleRequest)[]>> = {
  export: ['exportType', 'resourceTypes', 'cohort'],
  sync: [
    'includeStandard',
    'includeEnhanced',
    'includeOthers',
    'includeAppointments',
    'includeReferences',
    'resourceTypes',
  ],
};
const requestSchemas = { export: bulkExportRequestSchema, sync: syncBodySchema };

const timing = z.strictObject({
  kind: z
    .enum(scheduleKinds, `must be one of: ${scheduleKinds.join(', ')}`)
    .describe('What is started: `export` (of what changed since the last one) or `sync`.'),
  request: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'The fields of each run: of an export `exportType`, `resourceTypes` and `cohort`, of a sync `includeStandard`, `includeEnhanced`, `includeOthers`, `includeAppointments`, `includeReferences` and `resourceTypes`. Default: `{}`, everything.',
    ),
  cron: cronSchema.describe(
    'Five fields (minute, hour, day of the month, month, day of the week), as wall-clock times in `timeZone`: `0 2 * * *` is every day at 2:00.',
  ),
  timeZone: timeZoneSchema.describe('A name of the IANA database, such as `America/New_York`.'),
  spread: z
    .boolean()
    .default(true)
    .describe(
      'Whether runs start at a fixed time within the hour after the cron time, so that practices do not all start together. If false, they start exactly at the cron time.',
    ),
  paused: z.boolean().default(false).describe('Whether the schedule starts no runs until it is resumed.'),
});
type Timing = z.output<typeof timing>;

/** The schemas of requests need a connection, which a file of connections does not name. */
const anyConnection = { connectionId: 'conn_any' };

function checkRequest({ kind, request }: Timing, { addIssue }: z.core.$RefinementCtx): void {
  for (const name of Object.keys(request)) {
    if (isField(kind, name)) continue;
    const message = `is not a field of a scheduled ${kind}. Its fields are ${requestFields[kind].join(', ')}`;
    addIssue({ code: 'custom', path: ['request', name], message });
  }
  const result = validate(requestSchemas[kind], { ...pickRequest({ kind, request }), ...anyConnection });
  for (const { path, message } of result.isValid ? [] : result.faults) {
    addIssue({ code: 'custom', path: ['request', ...path.split('.')], message });
  }
}

function withFieldsOfKind<Body extends Timing>(body: Body) {
  return { ...body, request: pickRequest(body) };
}

/** A schedule of the connection that a file describes. */
export const desiredScheduleSchema = timing
  .superRefine(checkRequest)
  .transform(withFieldsOfKind<Timing>)
  .meta({ id: 'DesiredSchedule', description: 'What is started, and when.' });
export type DesiredSchedule = z.output<typeof desiredScheduleSchema>;

const connectionTiming = z.strictObject({
  connectionId: z.string().min(1).max(100).describe('The connection that is exported or searched.'),
  ...timing.shape,
});
export const scheduleBodySchema = connectionTiming
  .superRefine(checkRequest)
  .transform(withFieldsOfKind<z.output<typeof connectionTiming>>)
  .meta({ description: 'What is started, for which connection, and when.' });
export type ScheduleBody = z.output<typeof scheduleBodySchema>;

export const scheduleChangeSchema = z
  .strictObject({
    cron: cronSchema.optional().describe('The new cron expression of five fields. Default: unchanged.'),
    timeZone: timeZoneSchema.optional().describe('The new time zone, a name of the IANA database. Default: unchanged.'),
    spread: z
      .boolean()
      .optional()
      .describe('Whether runs start at a fixed time within the hour after the cron time. Default: unchanged.'),
    paused: z
      .boolean()
      .optional()
      .describe(
        '`true` pauses the schedule, `false` resumes it. Runs that were missed are not made up for. Default: unchanged.',
      ),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    path: ['paused'],
    error: 'is missing, and so are cron, timeZone and spread. Give at least one of them',
  })
  .meta({ description: 'The fields to change, at least one. The others stay as they are.' });
export type ScheduleChangeBody = z.output<typeof scheduleChangeSchema>;

function isField(kind: ScheduleKind, name: string): boolean {
  return requestFields[kind].some((field) => field === name);
}

function pickRequest(body: { readonly kind: ScheduleKind; readonly request: Readonly<Record<string, unknown>> }) {
  const { kind, request } = body;
  return Object.fromEntries(Object.entries(request).filter(([name]) => isField(kind, name))) as ScheduleRequest;
}

export const scheduleListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional().describe('Only schedules of this connection.'),
  provider: z.string().optional().describe('Only schedules of connections to this EHR vendor.'),
  sort: z
    .enum(['created', 'next'])
    .default('created')
    .describe('`created`: oldest first. `next`: only active schedules, the next run first.'),
  ...pageQuery({ defaultLimit: 50 }),
});
export type ScheduleListQuery = z.output<typeof scheduleListQuerySchema>;
