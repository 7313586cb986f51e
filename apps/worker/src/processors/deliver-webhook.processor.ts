import type { Processor } from '@bulkhead/queues';
import { deliverWebhook } from '../use-cases/deliver-webhook.ts';
import type { UseCaseDeps } from '../use-cases/deps.ts';

export function createDeliverWebhookProcessor(deps: UseCaseDeps): Processor<'webhook.deliver'> {
  return async ({ deliveryId }, { retryAt, signal }) => {
    await deliverWebhook(deps, { deliveryId, retryAt, signal });
  };
}
