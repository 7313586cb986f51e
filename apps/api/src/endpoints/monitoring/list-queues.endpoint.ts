import { toQueueView } from '@bulkhead/monitoring/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { count, success } from '../common.schema.ts';

const queueSchema = z
  .strictObject({
    queue: z.string(),
    jobs: z.strictObject({
      waiting: count,
      active: count,
      delayed: count,
      'waiting-children': count,
      failed: count,
    }),
    oldestSeconds: count,
    workers: count,
  })
  .meta({
    id: 'Queue',
    description: 'How a queue stands: its jobs, how long the first one has waited, and the processes that serve it.',
  });

const queueExample = {
  queue: 'bulk-export',
  jobs: { waiting: 3, active: 4, delayed: 1, 'waiting-children': 1, failed: 0 },
  oldestSeconds: 12,
  workers: 2,
};

export const listQueues = defineEndpoint({
  id: 'listQueues',
  method: 'get',
  path: '/api/ehr/queues',
  action: 'queue.list',
  access: 'operator',
  audited: false,
  summary: 'The queues: their jobs, and who serves them',
  responses: { 200: { description: 'Queues', schema: success(z.array(queueSchema)), example: [queueExample] } },
  errors: [],
  async handler({ services }) {
    return { data: (await services.monitoring.readQueues()).map(toQueueView) };
  },
});
