import { scheduleKinds } from '@bulkhead/providers';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { exportId, success } from '../common.schema.ts';

const scheduledRunSchema = z
  .strictObject({
    id: z.string().describe('The id of the export or the sync run.'),
    kind: z.enum(scheduleKinds).describe('What was started: `export` or `sync`.'),
    url: z.string().describe('The path of the run, as in `Location`.'),
  })
  .meta({ id: 'ScheduledRun', description: 'The export or sync that was started.' });

export const runSchedule = defineEndpoint({
  id: 'runSchedule',
  method: 'post',
  path: '/api/ehr/schedules/:id/run',
  action: 'schedule.run',
  idempotency: 'answer',
  access: 'client',
  audited: true,
  summary: 'Start a run of a schedule now',
  description:
    'Starts one additional run with the request of the schedule, also while it is paused. The times of the schedule do not change.',
  request: { body: { isOptional: true } },
  responses: {
    202: {
      description: 'The run was started. Follow it at `Location`',
      ...success(scheduledRunSchema, {
        id: exportId,
        kind: 'export',
        url: `/api/ehr/athenahealth/bulk-export/${exportId}`,
      }),
    },
  },
  errors: ['unknown-schedule', 'unknown-connection', 'export-already-running', 'sync-already-running'],
  async handler({ params: { id }, caller: { scope }, services, audit }) {
    const { schedule, runId } = await services.schedules.run({ id, scope });
    audit.addTarget({ id: schedule.id, connectionId: schedule.connectionId, runId });
    const collection = schedule.kind === 'export' ? 'bulk-export' : 'sync-runs';
    const url = `/api/ehr/${schedule.provider}/${collection}/${runId}`;
    return { data: { id: runId, kind: schedule.kind, url }, location: url };
  },
});
