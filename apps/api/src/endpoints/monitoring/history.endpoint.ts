import { at, connectionId, later, success } from '@bulkhead/http/schemas';
import { type History, historySchema } from '@bulkhead/monitoring/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { historyActions } from './monitoring.actions.ts';

const historyExample: History = {
  from: at,
  to: later,
  pointSeconds: 900,
  barSeconds: 3600,
  figures: [
    { figure: 'runs', lastDay: 104, usual: 101 },
    { figure: 'failed-runs', lastDay: 0, usual: 0 },
    { figure: 'resources', lastDay: 1_204_311, usual: 1_187_002 },
  ],
  runs: [
    {
      at,
      kind: 'export',
      completed: 3,
      partial: 0,
      failed: 0,
      cancelled: 0,
      medianSeconds: 5400,
      longestSeconds: 7200,
    },
  ],
  volumes: [{ at, resourceType: 'Observation', resources: 804_112, bytes: 1_100_000_000 }],
  lags: [{ connectionId, points: [{ at, seconds: 7200 }] }],
  lagSpread: [{ at, medianSeconds: 1200, highSeconds: 5400 }],
  budgets: [{ name: 'athenahealth.production', limit: 100_000, points: [{ at, used: 48_211 }] }],
  queues: [{ queue: 'file-download', points: [{ at, waiting: 24, oldestSeconds: 40 }] }],
};

export const getHistory = defineEndpoint({
  id: 'getHistory',
  route: 'GET /api/ehr/history',
  action: historyActions.read,
  summary: 'Return how the deployment was doing in the last days',
  description:
    'Exports and syncs by outcome and duration, resources and bytes by type, the lag of each connection, the use of the request budgets, and the jobs that waited, as series. `figures` compares the last 24 hours with the days before. The workers take a sample each minute and keep 30 days. For more, use Prometheus.',
  request: {
    query: z.strictObject({
      days: z.coerce
        .number()
        .int()
        .min(1)
        .max(30)
        .default(1)
        .meta({ description: 'How many days, from 1 to 30. More days have longer periods.' }),
    }),
  },
  responses: {
    200: success('The series and the figures of the requested days', { data: historySchema, example: historyExample }),
  },
  async handler({ query: { days }, services }) {
    return { data: await services.history.read(days) };
  },
});
