import { type PeopleText, toKnownError } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import { type FailedJob, type Producer, work } from '@bulkhead/queues';
import { webhookError } from '../errors.ts';
import { deliverJob } from '../jobs.ts';
import type { WebhookStore } from '../webhook.feature.ts';
import type { EndedRuns } from './ended-runs.ts';
import type { WebhookSender } from './webhook-sender.ts';

export const deliverWork = work(deliverJob, { run: deliverWebhook, onFinalFailure: failDelivery });

/** The repositories that a step of this feature can use. */
interface Repositories extends WebhookStore, Pick<ConnectionStore, 'connections'> {}

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface WebhookDeps<Uses extends keyof Repositories> {
  readonly store: Pick<Repositories, Uses>;
  readonly producer: Producer;
  /** Of each feature whose runs end with a webhook. */
  readonly endedRuns: readonly EndedRuns[];
  readonly webhooks: WebhookSender;
  /** What people read about the code of an error. Undefined for a code of another version. */
  readonly peopleTextOf: (code: string) => PeopleText | undefined;
  readonly now: () => Date;
}

/** Sends a delivery to its receiver, unless it is delivered already. If the receiver does not accept it, the job is retried for a day. */
async function deliverWebhook(
  { store, webhooks, now }: WebhookDeps<'connections' | 'webhookDeliveries'>,
  options: { readonly deliveryId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { deliveryId: id, signal } = options;
  const delivery = await store.webhookDeliveries.find(id);
  if (delivery?.state !== 'pending') return;
  const secret = await store.connections.findWebhookSecret(delivery.connectionId);
  const at = now();
  if (secret === undefined) {
    const attempt = {
      at,
      error: 'The connection no longer has a webhook secret. Set the webhook again, then resend the delivery.',
    };
    return store.webhookDeliveries.noteAttempt({ id, attempt, state: 'failed' });
  }
  const answer = await webhooks.send({ ...delivery, secret, now: at, signal });
  const isAccepted = 'status' in answer && answer.status >= 200 && answer.status < 300;
  // 410 means that the receiver wants no further calls (Standard Webhooks, "Delivery success and failure").
  const isFinal = 'error' in answer ? answer.isFinal : answer.status === 410;
  const attempt = { at, ...('status' in answer ? { status: answer.status } : { error: answer.error }) };
  const state = isAccepted ? 'delivered' : isFinal ? 'failed' : 'pending';
  await store.webhookDeliveries.noteAttempt({ id, attempt, state });
  if (state === 'pending') throw webhookError('webhook-not-taken');
}

/** Fails a delivery whose job has failed for good. A call that the receiver did not accept is already among its attempts. */
async function failDelivery(
  { store, now }: WebhookDeps<'webhookDeliveries'>,
  { deliveryId: id, error }: FailedJob<{ readonly deliveryId: string }>,
): Promise<void> {
  const { code, message } = toKnownError(error);
  const attempt = code === 'webhook-not-taken' ? undefined : { at: now(), error: message };
  await store.webhookDeliveries.fail({ id, attempt });
}
