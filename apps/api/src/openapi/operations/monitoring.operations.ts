import { z } from 'zod';
import { success } from '../../endpoints/common.schema.ts';
import { eventStreamResponse } from '../../http/event-stream-response.ts';
import type { OperationGroup } from '../operation.ts';
import { queueSchema, rateBudgetSchema } from '../schemas/monitoring.schema.ts';
import { queueExample, rateBudgetExample } from './examples.ts';

export const monitoringOperations: OperationGroup = {
  name: 'Monitoring',
  description: 'How the system stands at this moment, for people who look on; `/metrics` is for Prometheus.',
  operations: [
    {
      method: 'get',
      path: '/api/ehr/rate-budgets',
      id: 'listRateBudgets',
      summary: 'How much of what the EHRs allow is used',
      answers: {
        200: { description: 'Budgets', schema: success(z.array(rateBudgetSchema)), example: [rateBudgetExample] },
      },
      errors: [],
    },
    {
      method: 'get',
      path: '/api/ehr/rate-budgets/events',
      id: 'watchRateBudgets',
      summary: 'The same, told as it moves',
      answers: eventStreamResponse({ budgets: 'an array of `RateBudget`' }),
      errors: [],
    },
    {
      method: 'get',
      path: '/api/ehr/queues',
      id: 'listQueues',
      summary: 'The queues: their jobs, and who serves them',
      access: 'operator',
      answers: { 200: { description: 'Queues', schema: success(z.array(queueSchema)), example: [queueExample] } },
      errors: [],
    },
  ],
};
