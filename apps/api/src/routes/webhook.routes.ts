import { deliveriesQuerySchema, toDeliveryView, type WebhookService, webhookBodySchema } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { noteChange } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** Who is called back when an export or a sync has ended, and what became of the calls. */
export function webhookRoutes({ webhooks }: { readonly webhooks: WebhookService }): Router {
  const router = Router();

  router.put('/connections/:id/webhook', allow('webhook.set'), async (request, response) => {
    const body = parseRequest(webhookBodySchema, request.body);
    const { scope } = callerOf(response);
    response.json({ success: true, data: await webhooks.set({ id: request.params.id, scope, body }) });
  });

  router.delete('/connections/:id/webhook', allow('webhook.remove'), async (request, response) => {
    noteChange(response, await webhooks.remove({ id: request.params.id, scope: callerOf(response).scope }));
    response.status(204).end();
  });

  router.get('/webhook-deliveries', allow('webhook.list-deliveries'), async (request, response) => {
    const query = parseRequest(deliveriesQuerySchema, request.query);
    const deliveries = await webhooks.list({ query, scope: callerOf(response).scope });
    response.json({ success: true, data: deliveries.map(toDeliveryView) });
  });

  router.post('/webhook-deliveries/:id/resend', allow('webhook.resend'), async (request, response) => {
    const delivery = await webhooks.resend({ id: request.params.id, scope: callerOf(response).scope });
    response.status(202).json({ success: true, data: toDeliveryView(delivery) });
  });

  return router;
}
