import { toRateBudgetView } from '@bulkhead/monitoring/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { rateBudgetExample, rateBudgetSchema } from './rate-budget.schema.ts';

export const listRateBudgets = defineEndpoint({
  id: 'listRateBudgets',
  method: 'get',
  path: '/api/ehr/rate-budgets',
  action: 'rate-budget.list',
  access: 'client',
  audited: false,
  summary: 'How much of what the EHRs allow is used',
  responses: {
    200: { description: 'Budgets', schema: success(z.array(rateBudgetSchema)), example: [rateBudgetExample] },
  },
  errors: [],
  async handler({ caller: { scope }, services }) {
    const budgets = await services.rateBudgets.list(scope);
    return { data: budgets.map((budget) => toRateBudgetView(budget)) };
  },
});
