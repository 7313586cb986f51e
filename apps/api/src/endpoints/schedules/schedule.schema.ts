import { exportTypes } from '@bulkhead/fhir';
import { scheduleKinds } from '@bulkhead/providers';
import { z } from 'zod';
import { count, instant } from '../common.schema.ts';
import { at, connectionId } from '../example-values.ts';

const schedule = {
  id: z.string(),
  connectionId: z.string(),
  provider: z.string(),
  kind: z.enum(scheduleKinds),
  request: z.strictObject({
    exportType: z.enum(exportTypes).optional(),
    includeStandard: z.boolean().optional(),
    includeEnhanced: z.boolean().optional(),
    resourceTypes: z.array(z.string()).optional(),
  }),
  cron: z.string(),
  timeZone: z.string(),
  spread: z.boolean(),
  spreadMs: count,
  paused: z.boolean(),
  nextRunAt: instant.optional(),
  lastRun: z
    .strictObject({
      at: instant,
      outcome: z.enum(['started', 'skipped-overlap', 'failed']),
      runId: z.string().optional(),
      reason: z.string().optional(),
      runStatus: z.string().optional(),
    })
    .optional(),
  createdAt: instant,
};

export const scheduleSchema = z.strictObject(schedule).meta({ id: 'Schedule' });

export const scheduleDetailSchema = z
  .strictObject({ ...schedule, nextRuns: z.array(instant) })
  .meta({ id: 'ScheduleDetail', description: 'A schedule with its next runs.' });

export const scheduleExample = {
  id: 'sched_01a20ebbc9477ed4b36076ce74bec9ba',
  connectionId,
  provider: 'athenahealth',
  kind: 'export',
  request: {},
  cron: '0 2 * * *',
  timeZone: 'America/New_York',
  spread: true,
  spreadMs: 1_380_000,
  paused: false,
  nextRunAt: '2026-11-25T07:23:00.000Z',
  createdAt: at,
};

export const scheduleDetailExample = { ...scheduleExample, nextRuns: ['2026-11-25T07:23:00.000Z'] };
