import { connectionId, count, eventStreamResponse, page } from '@bulkhead/http/schemas';
import { toRateBudgetView } from '@bulkhead/monitoring/commands';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { rateBudgetActions } from './monitoring.actions.ts';

const rateBudgetSchema = z
  .strictObject({
    name: z
      .string()
      .describe(
        'The provider and the environment. Budgets for token requests end with `.token`. Budgets of several clients of one provider have the same name and differ in `connectionIds`.',
      ),
    provider: z.string().describe('The EHR vendor, such as `athenahealth`.'),
    environment: z.string().describe('The environment of the vendor, such as `production`.'),
    connectionIds: z.array(z.string()).describe('The connections that share the budget. A key sees only its own.'),
    window: z
      .strictObject({
        used: count.describe('Requests in the last `windowMs`.'),
        limit: count.describe('The most requests in any `windowMs`.'),
        windowMs: count.describe('The length of the sliding window, in milliseconds.'),
      })
      .describe('The limit that protects against bursts.'),
    minute: z
      .strictObject({
        used: count.describe('Requests in the last 60 seconds.'),
        limit: count.describe('The most requests in 60 seconds.'),
      })
      .optional()
      .describe('The last minute. Absent if more than 6,000 requests a minute are allowed.'),
    day: z
      .strictObject({
        used: count.describe('Requests in the last 24 hours.'),
        limit: count.describe('The most requests in 24 hours.'),
      })
      .describe('The last 24 hours.'),
    recent: z
      .array(count)
      .optional()
      .describe('Requests in each of the last 60 seconds, the oldest first. Absent if `minute` is.'),
    pausedMs: count.describe('How long requests stay paused, in milliseconds. 0 if they are not.'),
    pauseReason: z
      .string()
      .optional()
      .describe('Why requests are paused or slowed down, such as `429 Too Many Requests`. Absent if they are not.'),
    slowMs: count.describe('How long the rate stays halved, in milliseconds. 0 if it is not.'),
    waiting: z
      .strictObject({
        interactive: count.describe('Requests that a user waits for, such as a connection test.'),
        poll: count.describe('Requests for the status of an export.'),
        'kick-off': count.describe('Requests that start an export.'),
        download: count.describe('Requests for the files of exports, and for documents.'),
        crawl: count.describe('The searches of enhanced syncs.'),
      })
      .describe('The waiting requests of all processes, by priority.'),
  })
  .meta({
    id: 'RateBudget',
    description: 'The requests that an EHR allows a client, and how many of them are used, by all processes together.',
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
  route: 'GET /api/ehr/rate-budgets',
  action: rateBudgetActions.list,
  summary: 'List the request budgets of EHRs, and how much of them is used',
  description:
    'Returns how much of the limits of each EHR is used, which requests wait, and whether an EHR has asked for a pause. The limits are shared by all processes.',
  request: { query: shortListQuery },
  responses: {
    200: page('The budgets of the connections that the key may use', {
      item: rateBudgetSchema,
      example: [rateBudgetExample],
    }),
  },
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.rateBudgets.list(scope), query);
    return { data: items.map((budget) => toRateBudgetView(budget)), next };
  },
});

export const watchRateBudgets = defineEndpoint({
  id: 'watchRateBudgets',
  route: 'GET /api/ehr/rate-budgets/events',
  action: rateBudgetActions.list,
  summary: 'Stream the request budgets as they change',
  description: 'Sends the budgets as server-sent events, so that a page or a script need not poll.',
  responses: eventStreamResponse({ budgets: 'an array of `RateBudget`' }),
  handler({ caller: { scope }, services, streamEvents }) {
    const readBudgets = services.rateBudgets.follow(scope);
    return streamEvents(async () => {
      const budgets = await readBudgets();
      return { events: [{ name: 'budgets', data: budgets.map((budget) => toRateBudgetView(budget)) }] };
    });
  },
});
