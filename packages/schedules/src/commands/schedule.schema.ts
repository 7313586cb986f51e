import { bulkExportRequestSchema } from '@bulkhead/bulk-export/commands';
import { type ScheduleKind, scheduleKinds } from '@bulkhead/providers';
import { cronFault, isTimeZone, pageQuery, validate } from '@bulkhead/runtime';
import { syncBodySchema } from '@bulkhead/sync/commands';
import { z } from 'zod';
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
  export: ['exportType', 'resourceTypes'],
  sync: ['includeStandard', 'includeEnhanced', 'resourceTypes'],
};
const requestSchemas = { export: bulkExportRequestSchema, sync: syncBodySchema };

export const scheduleBodySchema = z
  .strictObject({
    connectionId: z.string().min(1).max(100),
    kind: z.enum(scheduleKinds, `must be one of: ${scheduleKinds.join(', ')}`),
    /** The request of each run, as in the body of a bulk export or an enhanced sync. */
    request: z.record(z.string(), z.unknown()).default({}),
    cron: cronSchema,
    timeZone: timeZoneSchema,
    /** If false, runs start exactly at the minute of the cron. */
    spread: z.boolean().default(true),
    paused: z.boolean().default(false),
  })
  .superRefine(({ connectionId, kind, request }, { addIssue }) => {
    for (const name of Object.keys(request)) {
      if (isField(kind, name)) continue;
      const message = `is not a field of a scheduled ${kind}. Its fields are ${requestFields[kind].join(', ')}`;
      addIssue({ code: 'custom', path: ['request', name], message });
    }
    const result = validate(requestSchemas[kind], { ...pickRequest({ kind, request }), connectionId });
    for (const { path, message } of result.isValid ? [] : result.faults) {
      addIssue({ code: 'custom', path: ['request', ...path.split('.')], message });
    }
  })
  .transform((body) => ({ ...body, request: pickRequest(body) }));
export type ScheduleBody = z.output<typeof scheduleBodySchema>;

export const scheduleChangeSchema = z
  .strictObject({
    cron: cronSchema.optional(),
    timeZone: timeZoneSchema.optional(),
    spread: z.boolean().optional(),
    paused: z.boolean().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    path: ['paused'],
    error: 'is missing, and so are cron, timeZone and spread. Give at least one of them',
  });
export type ScheduleChangeBody = z.output<typeof scheduleChangeSchema>;

function isField(kind: ScheduleKind, name: string): boolean {
  return requestFields[kind].some((field) => field === name);
}

function pickRequest(body: { readonly kind: ScheduleKind; readonly request: Readonly<Record<string, unknown>> }) {
  const { kind, request } = body;
  return Object.fromEntries(Object.entries(request).filter(([name]) => isField(kind, name))) as ScheduleRequest;
}

export const scheduleListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  ...pageQuery({ defaultLimit: 50 }),
});
export type ScheduleListQuery = z.output<typeof scheduleListQuerySchema>;
