import { deliveriesQuerySchema, toDeliveryView, type WebhookService, webhookBodySchema } from '@bulkhead/service';
import { Router } from 'express';
import { parseRequest } from '../middleware/parse-request.ts';

/** Who is called back when an export or a sync has ended, and what became of the calls. */
export function webhookRoutes({ webhooks }: { readonly webhooks: WebhookService }): Router {
  const router = Router();

  router.put('/connections/:id/webhook', async (request, response) => {
    const body = parseRequest(webhookBodySchema, request.body);
    response.json({ success: true, data: await webhooks.set({ id: request.params.id, body }) });
  });

  router.delete('/connections/:id/webhook', async (request, response) => {
    await webhooks.remove(request.params.id);
    response.status(204).end();
  });

  router.get('/webhook-deliveries', async (request, response) => {
    const deliveries = await webhooks.list(parseRequest(deliveriesQuerySchema, request.query));
    response.json({ success: true, data: deliveries.map(toDeliveryView) });
  });

  router.post('/webhook-deliveries/:id/resend', async (request, response) => {
    response.status(202).json({ success: true, data: toDeliveryView(await webhooks.resend(request.params.id)) });
  });

  return router;
}
