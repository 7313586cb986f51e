import { createHash } from 'node:crypto';
import type { WebhookDelivery } from '../webhook-delivery.record.ts';
import type { WebhookDeps } from './deps.ts';

/** What clients are told. */
export interface WebhookEvent {
  /** Says what it is about: the same event is told once to each address. */
  readonly id: string;
  readonly connectionId: string;
  readonly type: string;
  readonly at: Date;
  /** Ids and counts only, never patient data. */
  readonly data: object;
}

interface DeliveryDeps extends Pick<WebhookDeps, 'producer' | 'now'> {
  readonly store: Pick<WebhookDeps['store'], 'connections' | 'webhookDeliveries'>;
}

/** Lays out the calls of an event: to the connection's address, and to that of the request where it has one. */
export async function callBack(
  { store, producer, now }: DeliveryDeps,
  { event, callbackUrl }: { readonly event: WebhookEvent; readonly callbackUrl?: string | undefined },
): Promise<void> {
  const connection = await store.connections.find(event.connectionId);
  const urls = new Set([callbackUrl, connection?.webhookUrl].filter((url) => url !== undefined));
  for (const url of urls) {
    const delivery = toDelivery({ event, url, now: now() });
    await store.webhookDeliveries.insertMissing(delivery);
    await producer.enqueue('webhook.deliver', { deliveryId: delivery.id });
  }
}

function toDelivery(options: {
  readonly event: WebhookEvent;
  readonly url: string;
  readonly now: Date;
}): WebhookDelivery {
  const { event, url, now } = options;
  const { id, connectionId, type, at, data } = event;
  const address = createHash('sha256').update(url).digest('hex').slice(0, 8);
  return {
    id: `${id}.${address}`,
    connectionId,
    url,
    type,
    body: JSON.stringify({ type, timestamp: at.toISOString(), data }),
    state: 'pending',
    attempts: [],
    createdAt: now,
  };
}

/** A sweep's share; the next one, a minute later, takes up the rest. */
const perSweep = 500;

/** Gives every end that clients are still to be told, and every call that is not delivered, its job. */
export async function reviveWebhooks({ store, producer }: WebhookDeps): Promise<void> {
  for (const id of await store.bulkExports.listUnnotifiedIds(perSweep)) {
    await producer.ensure('webhook.notify', { kind: 'bulk-export', id });
  }
  for (const id of await store.syncRuns.listUnnotifiedIds(perSweep)) {
    await producer.ensure('webhook.notify', { kind: 'sync-run', id });
  }
  for (const deliveryId of await store.webhookDeliveries.listPendingIds(perSweep)) {
    await producer.ensure('webhook.deliver', { deliveryId });
  }
}
