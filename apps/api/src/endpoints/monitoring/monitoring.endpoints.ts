import { endpointGroup } from '@bulkhead/http';
import { count, page } from '@bulkhead/http/schemas';
import { toQueueView } from '@bulkhead/monitoring/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { getHealthReport } from './health-report.endpoint.ts';
import { getHistory } from './history.endpoint.ts';
import { listPlans } from './list-plans.endpoint.ts';
import { listProcesses } from './list-processes.endpoint.ts';
import { queueActions } from './monitoring.actions.ts';
import { listRateBudgets, watchRateBudgets } from './rate-budgets.endpoint.ts';
import { spreadSchedules } from './spread-schedules.endpoint.ts';

const queueSchema = z
  .strictObject({
    queue: z.string().describe('The name of the queue, such as `bulk-export`.'),
    jobs: z
      .strictObject({
        waiting: count.describe('Jobs that wait for a worker.'),
        active: count.describe('Jobs that a worker is doing.'),
        delayed: count.describe('Jobs that are due later, such as retries.'),
        'waiting-children': count.describe('Jobs that wait until other jobs have ended.'),
        failed: count.describe('Jobs that were given up, of those that are still kept.'),
      })
      .describe('The number of jobs by state.'),
    oldestSeconds: count.describe('How long the oldest waiting job has waited, in seconds. 0 if none is waiting.'),
    workers: count.describe('The workers that serve the queue now.'),
    paused: z
      .boolean()
      .describe('Whether an operator has paused the queue in Bull Board. Its jobs wait until it is resumed there.'),
  })
  .meta({
    id: 'Queue',
    description: 'A queue: its jobs by state, how long the oldest job has waited, and how many workers serve it.',
  });

const queueExample = {
  queue: 'bulk-export',
  jobs: { waiting: 3, active: 4, delayed: 1, 'waiting-children': 1, failed: 0 },
  oldestSeconds: 12,
  workers: 2,
  paused: false,
};

const listQueues = defineEndpoint({
  id: 'listQueues',
  route: 'GET /api/ehr/queues',
  action: queueActions.list,
  summary: 'List the queues with their jobs and workers',
  description:
    'Returns how many jobs wait in each queue, how long the oldest has waited, and how many workers serve it. A growing age means that workers are missing or that the queue is paused.',
  request: { query: shortListQuery },
  responses: { 200: page('All queues with their jobs and workers', { item: queueSchema, example: [queueExample] }) },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.monitoring.readQueues(), query, ({ queue }) => queue);
    return { data: items.map(toQueueView), next };
  },
});

export const monitoringEndpoints = endpointGroup({
  name: 'Monitoring',
  description: 'The state of the system, now and in the last days, for people. `/metrics` is for Prometheus.',
  endpoints: [
    getHealthReport,
    getHistory,
    listRateBudgets,
    watchRateBudgets,
    listPlans,
    spreadSchedules,
    listQueues,
    listProcesses,
  ],
});
