import { toRateBudgetView } from '@bulkhead/monitoring/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { connectionId, count, eventStreamResponse, page } from '../common.schema.ts';

const rateBudgetSchema = z
  .strictObject({
    name: z.string(),
    provider: z.string(),
    environment: z.string(),
    connectionIds: z.array(z.string()),
    window: z.strictObject({ used: count, limit: count, windowMs: count }),
    minute: z.strictObject({ used: count, limit: count }).optional(),
    day: z.strictObject({ used: count, limit: count }),
    recent: z
      .array(count)
      .optional()
      .meta({ description: 'Requests in each of the last 60 seconds, the oldest first.' }),
    pausedMs: count,
    pauseReason: z.string().optional(),
    slowMs: count,
    waiting: z.strictObject({ interactive: count, poll: count, 'kick-off': count, download: count, crawl: count }),
  })
  .meta({
    id: 'RateBudget',
    description:
      'The requests that an EHR allows a client, and how many are used. `pausedMs` is how long requests stay paused. `slowMs` is how long the rate stays halved. `waiting` counts the waiting requests of all processes, by priority. Tokens have their own budget, whose name ends with `.token`. Budgets of several clients of one provider have the same name and differ in `connectionIds`. `minute` and `recent` are absent if more than 6,000 requests a minute are allowed.',
  });

const rateBudgetExample = {
  name: 'athenahealth.production',
  provider: 'athenahealth',
  environment: 'production',
  connectionIds: [connectionId],
  window: { used: 9, limit: 16, windowMs: 2000 },
  minute: { used: 301, limit: 480 },
  day: { used: 48_211, limit: 100_000 },
  recent: Array.from({ length: 60 }, (_, second) => (second % 2 === 0 ? 6 : 4)),
  pausedMs: 4200,
  pauseReason: '429 Too Many Requests',
  slowMs: 64_200,
  waiting: { interactive: 0, poll: 1, 'kick-off': 0, download: 2, crawl: 0 },
};

export const listRateBudgets = defineEndpoint({
  id: 'listRateBudgets',
  method: 'get',
  path: '/api/ehr/rate-budgets',
  action: 'rate-budget.list',
  access: 'client',
  audited: false,
  summary: 'List the request budgets of EHRs, and how much of them is used',
  request: { query: z.strictObject(shortListQuery) },
  responses: {
    200: { description: 'Budgets', schema: page(rateBudgetSchema), example: [rateBudgetExample] },
  },
  errors: [],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.rateBudgets.list(scope), query);
    return { data: items.map((budget) => toRateBudgetView(budget)), next };
  },
});

export const watchRateBudgets = defineEndpoint({
  id: 'watchRateBudgets',
  method: 'get',
  path: '/api/ehr/rate-budgets/events',
  action: 'rate-budget.list',
  access: 'client',
  audited: false,
  summary: 'Stream the request budgets as they change',
  responses: eventStreamResponse({ budgets: 'an array of `RateBudget`' }),
  errors: [],
  handler({ caller: { scope }, services, streamEvents }) {
    return streamEvents(async () => {
      const budgets = await services.rateBudgets.list(scope);
      return { events: [{ name: 'budgets', data: budgets.map((budget) => toRateBudgetView(budget)) }] };
    });
  },
});
