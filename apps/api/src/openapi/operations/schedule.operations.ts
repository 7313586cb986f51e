import { scheduleBodySchema, scheduleChangeSchema } from '@bulkhead/service';
import { z } from 'zod';
import { success } from '../../endpoints/common.schema.ts';
import { scheduleListQuerySchema } from '../../routes/schedule.routes.ts';
import type { OperationGroup } from '../operation.ts';
import { scheduleDetailSchema, scheduledRunSchema, scheduleSchema } from '../schemas/schedule.schema.ts';
import { scheduleDetailExample, scheduledRunExample, scheduleExample } from './examples.ts';

const path = '/api/ehr/schedules';

export const scheduleOperations: OperationGroup = {
  name: 'Schedules',
  description: 'Exports and syncs that come again by a cron.',
  operations: [
    {
      method: 'post',
      path,
      id: 'createSchedule',
      summary: 'Add a schedule',
      body: {
        schema: scheduleBodySchema,
        example: {
          connectionId: 'conn_01a20ebbc93978f091b11de7704350e0',
          kind: 'export',
          cron: '0 2 * * *',
          timeZone: 'America/New_York',
        },
      },
      answers: { 201: { description: 'Added', schema: success(scheduleDetailSchema), example: scheduleDetailExample } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path,
      id: 'listSchedules',
      summary: 'Schedules, of one connection or of all',
      query: scheduleListQuerySchema,
      answers: {
        200: { description: 'Schedules', schema: success(z.array(scheduleSchema)), example: [scheduleExample] },
      },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${path}/:id`,
      id: 'getSchedule',
      summary: 'A schedule with its next runs',
      answers: {
        200: { description: 'Schedule', schema: success(scheduleDetailSchema), example: scheduleDetailExample },
      },
      errors: ['unknown-schedule'],
    },
    {
      method: 'patch',
      path: `${path}/:id`,
      id: 'changeSchedule',
      summary: 'Pause a schedule, resume it, or move it',
      body: { schema: scheduleChangeSchema, example: { paused: true } },
      answers: {
        200: { description: 'Changed', schema: success(scheduleDetailSchema), example: scheduleDetailExample },
      },
      errors: ['unknown-schedule'],
    },
    {
      method: 'post',
      path: `${path}/:id/run`,
      id: 'runSchedule',
      summary: 'Start a run now',
      body: { isOptional: true },
      answers: { 202: { description: 'Started', schema: success(scheduledRunSchema), example: scheduledRunExample } },
      errors: ['unknown-schedule', 'unknown-connection', 'export-already-running', 'sync-already-running'],
    },
    {
      method: 'delete',
      path: `${path}/:id`,
      id: 'deleteSchedule',
      summary: 'Remove a schedule',
      answers: { 204: { description: 'Removed' } },
      errors: ['unknown-schedule'],
    },
  ],
};
