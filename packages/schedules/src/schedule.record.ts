import { exportTypes } from '@bulkhead/fhir';
import { scheduleKinds } from '@bulkhead/providers';
import type { Immutable } from '@bulkhead/runtime';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

/** The fields of the request of each run. The kind decides which of them it can have. */
const scheduleRequestSchema = z.strictObject({
  exportType: z.enum(exportTypes).exactOptional(),
  includeStandard: z.boolean().exactOptional(),
  includeEnhanced: z.boolean().exactOptional(),
  resourceTypes: z.array(z.string()).exactOptional(),
});
export type ScheduleRequest = Immutable<z.output<typeof scheduleRequestSchema>>;

const scheduleRunSchema = z.strictObject({
  at: z.date(),
  outcome: z.enum(['started', 'skipped-overlap', 'failed']),
  /** The run that was started, or the active run that prevented the start. */
  runId: z.string().exactOptional(),
  /** The code of an error. */
  reason: z.string().exactOptional(),
});
export type ScheduleRun = Immutable<z.output<typeof scheduleRunSchema>>;

/** A cron that starts recurring runs of one connection. */
export const scheduleSchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  provider: z.string(),
  kind: z.enum(scheduleKinds),
  request: scheduleRequestSchema,
  /** Five fields with wall-clock times in `timeZone`. */
  cron: z.string(),
  /** IANA name. */
  timeZone: z.string(),
  /** How much later than the cron a run starts. 0 starts it exactly at the minute. See `spreadOf`. */
  spreadMs: countSchema,
  paused: z.boolean(),
  /** Every change and claim increments it and is conditional on it. */
  version: countSchema,
  nextRunAt: z.date(),
  /** A claimed run that may not be stored yet. If its worker has died, the sweep continues it with this id. */
  starting: z.strictObject({ runId: z.string(), at: z.date() }).exactOptional(),
  lastRun: scheduleRunSchema.exactOptional(),
  createdAt: z.date(),
});
export type Schedule = Immutable<z.output<typeof scheduleSchema>>;
