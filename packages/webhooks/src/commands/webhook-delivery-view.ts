import { toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type WebhookAttempt, type WebhookDelivery, webhookDeliverySchema } from '../webhook-delivery.record.ts';

export const deliveryViewSchema = z
  .strictObject({
    ...viewShapeOf(webhookDeliverySchema),
    body: z
      .unknown()
      .describe(
        'The JSON body of the call: `type`, `timestamp`, and `data` with ids, the status and counts. It contains no patient data.',
      ),
  })
  .meta({ id: 'WebhookDelivery', description: 'A call to the address of a client, with its attempts.' });

type DeliveryView = View<typeof deliveryViewSchema>;

export function toDeliveryView(delivery: WebhookDelivery): DeliveryView {
  return toView<DeliveryView>({
    id: delivery.id,
    connectionId: delivery.connectionId,
    url: delivery.url,
    type: delivery.type,
    body: JSON.parse(delivery.body) as unknown,
    state: delivery.state,
    attempts: delivery.attempts.map(toAttemptView),
    createdAt: delivery.createdAt.toISOString(),
    deliveredAt: delivery.deliveredAt?.toISOString(),
  });
}

type AttemptView = DeliveryView['attempts'][number];

function toAttemptView({ at, status, error }: WebhookAttempt): AttemptView {
  return toView<AttemptView>({ at: at.toISOString(), status, error });
}
