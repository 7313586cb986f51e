import { toRateBudgetView } from '@bulkhead/monitoring/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { eventStreamResponse } from '../../http/events/event-stream-response.ts';

export const watchRateBudgets = defineEndpoint({
  id: 'watchRateBudgets',
  method: 'get',
  path: '/api/ehr/rate-budgets/events',
  action: 'rate-budget.list',
  access: 'client',
  audited: false,
  summary: 'The same, told as it moves',
  responses: eventStreamResponse({ budgets: 'an array of `RateBudget`' }),
  errors: [],
  handler({ caller: { scope }, services, streamEvents }) {
    return streamEvents(async () => {
      const budgets = await services.rateBudgets.list(scope);
      return { events: [{ name: 'budgets', data: budgets.map((budget) => toRateBudgetView(budget)) }] };
    });
  },
});
