import type { FailedJob } from '@bulkhead/queues';
import { AppError, toKnownError } from '@bulkhead/runtime';
import type { WebhookDeps } from './deps.ts';

/** Calls a client back. Delivered already: does nothing. A receiver that is away is called again for a day. */
export async function deliverWebhook(
  { store, webhooks, now }: WebhookDeps,
  options: { readonly deliveryId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { deliveryId: id, signal } = options;
  const delivery = await store.webhookDeliveries.find(id);
  if (delivery?.state !== 'pending') return;
  const secret = await store.connections.findWebhookSecret(delivery.connectionId);
  const at = now();
  if (secret === undefined) {
    const attempt = { at, error: 'the connection has no webhook secret any more' };
    return store.webhookDeliveries.noteAttempt({ id, attempt, state: 'failed' });
  }
  const answer = await webhooks.send({ ...delivery, secret, now: at, signal });
  const isTaken = 'status' in answer && answer.status >= 200 && answer.status < 300;
  // 410: the receiver wants no more of them (Standard Webhooks, "Delivery success and failure").
  const isFinal = 'error' in answer ? answer.isFinal : answer.status === 410;
  const attempt = { at, ...('status' in answer ? { status: answer.status } : { error: answer.error }) };
  const state = isTaken ? 'delivered' : isFinal ? 'failed' : 'pending';
  await store.webhookDeliveries.noteAttempt({ id, attempt, state });
  if (state === 'pending') throw notTaken();
}

/** Fails a delivery whose job is given up. A call that the receiver did not take is among its attempts already. */
export async function failDelivery(
  { store, now }: WebhookDeps,
  { deliveryId: id, error }: FailedJob<'webhook.deliver'>,
): Promise<void> {
  const { code, message } = toKnownError(error);
  const attempt = code === notTaken().code ? undefined : { at: now(), error: message };
  await store.webhookDeliveries.fail({ id, attempt });
}

function notTaken(): AppError {
  return new AppError({
    code: 'webhook-not-taken',
    message: 'The receiver did not take the call. It is called again with growing waits, for a day.',
    retry: 'later',
  });
}
