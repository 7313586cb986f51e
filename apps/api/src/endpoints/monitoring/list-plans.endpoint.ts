import { connectionId, count, page } from '@bulkhead/http/schemas';
import type { BudgetPlan } from '@bulkhead/monitoring/commands';
import { instantSchema, pageOf, shortListQuery, type View, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { rateBudgetActions } from './monitoring.actions.ts';

const planSchema = z
  .strictObject({
    name: z.string().describe('The provider and the environment, as in the list of budgets.'),
    provider: z.string().describe('The EHR vendor, such as `athenahealth`.'),
    environment: z.string().describe('The environment of the vendor, such as `production`.'),
    connectionIds: z.array(z.string()).describe('The connections that share the budget. A key sees only its own.'),
    runs: count.describe('How many runs are due in the next 24 hours.'),
    assumedRuns: count.describe(
      'Those of them that are exports whose last run has not completed, or is the first one. Each counts as one of 5.5 hours with 20 files.',
    ),
    unknownRuns: count.describe('Those of them that are such syncs. They are not counted in `requests`.'),
    requests: count.describe('How many requests the runs usually send.'),
    peak: count.describe('The most requests in any 24 hours until the end, with the requests that were sent before.'),
    allowance: count.describe('How many requests runs may send in any 24 hours: 94 % of the limit.'),
    endsAt: instantSchema
      .exactOptional()
      .describe('When the last run ends. Absent if no run is counted, or if the budget does not suffice.'),
    lateSeconds: count
      .exactOptional()
      .describe(
        'How much later that is than usual, because requests wait for the budget. 0: it suffices. Absent if it does not suffice for all runs within three days.',
      ),
    lastConnectionId: z
      .string()
      .exactOptional()
      .describe('The connection whose run usually ends last. Absent if no run is counted.'),
  })
  .meta({
    id: 'Plan',
    description:
      'What the schedules of the next 24 hours ask of a budget, computed from the last run of each schedule.',
  });

function toPlanView(plan: BudgetPlan): View<typeof planSchema> {
  const { endsAt, lateMs, connectionIds, ...fields } = plan;
  return viewOf(planSchema, {
    ...fields,
    connectionIds: [...connectionIds],
    requests: Math.round(plan.requests),
    endsAt: endsAt === undefined ? undefined : new Date(endsAt),
    lateSeconds: lateMs === undefined ? undefined : Math.round(lateMs / 1000),
  });
}

export const listPlans = defineEndpoint({
  id: 'listPlans',
  route: 'GET /api/ehr/plan',
  action: rateBudgetActions.list,
  summary: 'Show whether the budgets suffice for the next 24 hours, and when the last practice ends',
  description:
    'Adds up what the schedules of the next 24 hours ask of each request budget, the latest end first. Each run counts as the last one of its schedule: how long it took, and how many requests it sent. What users start meanwhile is not in it, and neither are connections that the key may not use.',
  request: { query: shortListQuery },
  responses: {
    200: page('A plan for each budget of the connections that the key may use', {
      item: planSchema,
      example: [
        {
          name: 'athenahealth.production',
          provider: 'athenahealth',
          environment: 'production',
          connectionIds: [connectionId],
          runs: 990,
          assumedRuns: 2,
          unknownRuns: 0,
          requests: 67_390,
          peak: 70_112,
          allowance: 94_000,
          endsAt: '2026-11-25T12:41:00.000Z',
          lateSeconds: 0,
          lastConnectionId: connectionId,
        },
      ],
    }),
  },
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.plans.list(scope), query);
    return { data: items.map(toPlanView), next };
  },
});
