import { type RateBudgetService, toRateBudgetView } from '@bulkhead/service';
import { type Response, Router } from 'express';
import type { EventStreams } from '../event-streams.ts';
import { allow } from '../middleware/allow.ts';
import { callerOf } from '../middleware/caller-of.ts';

interface RateBudgetDeps {
  readonly rateBudgets: RateBudgetService;
  readonly streams: EventStreams;
}

/** How much of what the EHRs allow is used, once or as it moves. */
export function rateBudgetRoutes({ rateBudgets, streams }: RateBudgetDeps): Router {
  const router = Router();
  const list = async (response: Response) =>
    (await rateBudgets.list(callerOf(response).scope)).map((one) => toRateBudgetView(one));

  router.get('/rate-budgets', allow('rate-budget.list'), async (_request, response) => {
    response.json({ success: true, data: await list(response) });
  });

  router.get('/rate-budgets/events', allow('rate-budget.list'), async (request, response) => {
    const read = async () => ({ events: [{ name: 'budgets', data: await list(response) }] });
    await streams.run({ request, response, read });
  });

  return router;
}
