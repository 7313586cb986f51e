import { type HealthReport, healthReportSchema } from '@bulkhead/monitoring/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, exportId, success } from '../common.schema.ts';

const healthReportExample: HealthReport = {
  severity: 'critical',
  checkedAt: at,
  checks: [
    {
      id: 'failed-exports',
      title: 'Failed exports',
      severity: 'critical',
      reason: 'The newest export of 1 connection failed.',
      action: 'Open it, repair the cause that its error names, and retry it. A retry fetches only what is missing.',
      subjects: [
        { kind: 'export', id: exportId, connectionId, provider: 'athenahealth', reason: 'failed: export-timeout' },
      ],
    },
    {
      id: 'redis',
      title: 'Redis',
      severity: 'ok',
      reason: 'Redis answers, evicts no keys and persists its queues.',
      subjects: [],
    },
  ],
};

export const getHealthReport = defineEndpoint({
  id: 'getHealthReport',
  route: 'GET /api/ehr/health-report',
  action: 'health-report.read',
  access: 'operator',
  audited: false,
  summary: 'Check the whole deployment, and say what to do about each problem',
  description:
    'One list of checks: Redis, MongoDB, workers, connections, failed and late runs, schedules, lag, pauses, backlog, quarantine, documents, webhooks and more. The overview of the console, `bulkhead doctor`, the metric `bulkhead_health_check` and the alert rules show the same list. A check whose data cannot be read is a warning.',
  responses: {
    200: success('All checks, the worst first', { data: healthReportSchema, example: healthReportExample }),
  },
  async handler({ services }) {
    return { data: await services.health.report() };
  },
});
