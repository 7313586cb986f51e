import { randomBytes } from 'node:crypto';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { Producer } from '@bulkhead/queues';
import { AppError, invalidRequest } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import type { WebhookStore } from '../store.ts';
import type { WebhookDelivery } from '../webhook-delivery.record.ts';
import type { DeliveriesQuery, WebhookBody } from './webhook.schema.ts';

/** As Standard Webhooks recommends: 24 to 64 bytes. */
const secretBytes = 32;

interface Which {
  readonly id: string;
  readonly scope: ConnectionScope;
}

export type WebhookService = ReturnType<typeof createWebhookService>;

/** Who is called back, and what became of the calls. */
export function createWebhookService(options: {
  readonly store: WebhookStore;
  readonly producer: Producer;
  readonly connections: ConnectionService;
}) {
  const { store, producer, connections } = options;
  return {
    /** @returns the secret that calls are signed with; it cannot be had again. */
    async set({ id, scope, body: { url } }: Which & { readonly body: WebhookBody }) {
      await connections.find({ id, scope });
      const secret = `whsec_${randomBytes(secretBytes).toString('base64')}`;
      await store.connections.saveWebhook({ id, url, secret });
      return { ...(url === undefined ? {} : { url }), secret };
    },

    /** @returns false if there was nothing to remove. */
    async remove({ id, scope }: Which): Promise<boolean> {
      await connections.find({ id, scope });
      return store.connections.deleteWebhook(id);
    },

    async list(options: {
      readonly query: DeliveriesQuery;
      readonly scope: ConnectionScope;
    }): Promise<WebhookDelivery[]> {
      const { query, scope } = options;
      await connections.find({ id: query.connectionId, scope });
      return store.webhookDeliveries.list(query);
    },

    /** Has a call made again, delivered or not. @throws AppError `unknown-delivery` */
    async resend({ id, scope }: Which): Promise<WebhookDelivery> {
      const known = await store.webhookDeliveries.find(id);
      if (!known || !isInScope(scope, known.connectionId)) throw unknownDelivery();
      if (!(await store.webhookDeliveries.reopen(id))) throw unknownDelivery();
      // With the queue away the sweep does it within a minute.
      await producer.enqueueAgain('webhook.deliver', { deliveryId: id }).catch(() => undefined);
      const delivery = await store.webhookDeliveries.find(id);
      if (!delivery) throw unknownDelivery();
      return delivery;
    },
  };
}

function unknownDelivery(): AppError {
  return new AppError({
    code: 'unknown-delivery',
    message: 'There is no such delivery. List them by GET /api/ehr/webhook-deliveries.',
    retry: 'never',
  });
}

/** A call has to be signed, so there must be a secret. @throws AppError `invalid-request` */
export async function checkCallback(options: {
  readonly store: Pick<WebhookStore, 'connections'>;
  readonly connectionId: string;
  readonly callbackUrl?: string | undefined;
}): Promise<void> {
  const { store, connectionId, callbackUrl } = options;
  if (callbackUrl === undefined || (await store.connections.findWebhookSecret(connectionId)) !== undefined) return;
  const message = 'needs a secret to be signed with: make one by PUT /api/ehr/connections/{id}/webhook';
  throw invalidRequest([{ path: 'callbackUrl', message }]);
}
