import { at, connectionId, exportId, success } from '@bulkhead/http/schemas';
import { type HealthReport, healthReportSchema } from '@bulkhead/monitoring/commands';
import { trueOrFalse } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { healthReportActions } from './monitoring.actions.ts';

const action = 'Open it, fix the cause that its error describes, and retry it. A retry fetches only what is missing.';
const subject: HealthReport['checks'][number]['subjects'][number] = {
  kind: 'export',
  id: exportId,
  connectionId,
  connectionName: 'Practice 195900',
  provider: 'athenahealth',
  severity: 'critical',
  since: at,
  code: 'export-timeout',
  reason: 'failed: The export has not ended in time.',
};

const healthReportExample: HealthReport = {
  severity: 'critical',
  checkedAt: at,
  problems: [
    {
      key: 'export-timeout',
      severity: 'critical',
      title: 'Practice 195900: The export has not ended in time',
      reason: '1 export failed.',
      action,
      checks: ['failed-exports'],
      connections: 1,
      since: at,
      subjects: [subject],
    },
  ],
  checks: [
    {
      id: 'failed-exports',
      title: 'Failed exports',
      severity: 'critical',
      reason: 'The newest export of 1 connection failed.',
      action,
      subjects: [subject],
    },
    {
      id: 'redis',
      title: 'Redis',
      severity: 'ok',
      reason: 'Redis responds, evicts no keys and persists its queues.',
      subjects: [],
    },
  ],
};

export const getHealthReport = defineEndpoint({
  id: 'getHealthReport',
  route: 'GET /api/ehr/health-report',
  action: healthReportActions.read,
  summary: 'Check the whole deployment, with advice for each problem',
  description:
    'One list of checks: Redis, MongoDB, workers, connections, failed and late runs, schedules, lag, pauses, backlog, quarantine, documents, webhooks and more. The overview of the console, `bulkhead doctor`, the metric `bulkhead_health_check` and the alert rules show the same list. `problems` joins what has one cause over all connections, such as a wrong client secret and the exports that failed for it. A worker checks the stored data each minute. A check whose data cannot be read keeps its last result with its time.',
  request: {
    query: z.strictObject({
      fresh: trueOrFalse
        .default(false)
        .describe('`true` checks everything now, for example after a test of a connection.'),
    }),
  },
  responses: {
    200: success('All checks, the worst first', { data: healthReportSchema, example: healthReportExample }),
  },
  async handler({ query: { fresh: isFresh }, services }) {
    return { data: await services.health.report({ isFresh }) };
  },
});
