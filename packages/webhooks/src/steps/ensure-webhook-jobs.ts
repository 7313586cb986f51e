import type { WebhookDeps } from './deps.ts';

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
