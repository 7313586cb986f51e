import { randomBytes } from 'node:crypto';
import { type Fault, faultsOf } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { Producer } from '@bulkhead/queues';
import {
  type ConnectionScope,
  instantSchema,
  isInScope,
  type Page,
  pageOf,
  pageQuery,
  readPage,
  type ScopedReference,
  trueOrFalse,
  type View,
  viewOf,
  viewShapeOf,
} from '@bulkhead/store';
import { z } from 'zod';
import { webhookError } from '../errors.ts';
import { deliverJob } from '../jobs.ts';
import type { WebhookStore } from '../webhook.feature.ts';
import { type WebhookDelivery, webhookDeliverySchema, webhookStates } from '../webhook-delivery.record.ts';
import type { WebhookReceiver } from '../webhook-delivery.repository.ts';
import type { WebhookAddresses } from './webhook-address.ts';
import { callbackUrlSchema } from './webhook-address.ts';

/** Standard Webhooks recommends 24 to 64 bytes. */
const secretBytes = 32;

/**
 * Webhooks tell clients that an export or a sync has ended. This service sets the address and the secret of a connection, lists
 * deliveries and sends them again. `steps` creates the deliveries and sends them.
 *
 *     an export ends --> create-deliveries: one record for each address --> deliver-webhook: signs the body and sends it
 *
 *     pending --(2xx)--> delivered
 *     pending --(410, a final error, or no success for a day)--> failed
 *     delivered or failed --(resend)--> pending
 *
 * Calls are signed as Standard Webhooks describes (see `WebhookSender` in ehr-client), so that a client can verify their origin.
 */
export class WebhookService {
  readonly #options;

  constructor(options: {
    readonly store: WebhookStore & Pick<ConnectionStore, 'connections'>;
    readonly producer: Producer;
    readonly connections: ConnectionService;
    readonly addresses: WebhookAddresses;
  }) {
    this.#options = options;
  }

  /**
   * Calls that were not delivered are sent to the new address from then on, because the receiver may have moved.
   * @returns the secret that signs the calls. It cannot be shown again.
   */
  async set({ id, scope, body }: ScopedReference & { readonly body: WebhookBody }) {
    const { url, secret = `whsec_${randomBytes(secretBytes).toString('base64')}` } = body;
    const { webhookUrl } = await this.#options.connections.find({ id, scope });
    if (url !== undefined) await this.#options.addresses.check({ path: 'url', url });
    // This comes first. If the process dies here, a repeated request does the same.
    if (webhookUrl !== undefined && url !== undefined && webhookUrl !== url)
      await this.#options.store.webhookDeliveries.moveUndelivered({ connectionId: id, from: webhookUrl, to: url });
    await this.#options.store.connections.saveWebhook({ id, url, secret });
    return { ...(url === undefined ? {} : { url }), secret };
  }

  /**
   * Compares the webhook of a connection with that of a file. Nothing is changed.
   * @param options.id of the stored connection
   * @returns what is wrong, and the webhook to set, unless it is set already
   */
  async plan(options: {
    readonly desired: WebhookBody;
    readonly stored: { readonly id: string; readonly webhookUrl?: string } | undefined;
  }): Promise<{ readonly faults: readonly Fault[]; readonly body?: WebhookBody }> {
    const { desired, stored } = options;
    const { url, secret: given } = desired;
    const before = stored && (await this.#options.store.connections.findWebhookSecret(stored.id));
    const secret = given ?? before;
    if (secret === undefined) return { faults: [{ path: 'secret', message: 'is required, because none is stored' }] };
    if (url === stored?.webhookUrl && secret === before) return { faults: [] };
    const faults = await (url === undefined
      ? []
      : this.#options.addresses.check({ path: 'url', url }).then(() => [], faultsOf));
    return { faults, body: { ...desired, secret } };
  }

  /** @returns false if the connection had no webhook */
  async remove({ id, scope }: ScopedReference): Promise<boolean> {
    await this.#options.connections.find({ id, scope });
    return this.#options.store.connections.deleteWebhook(id);
  }

  async list(query: z.output<typeof deliveriesQuerySchema>, scope: ConnectionScope): Promise<Page<WebhookDelivery>> {
    const { connectionId, state } = query;
    if (connectionId !== undefined) await this.#options.connections.find({ id: connectionId, scope });
    return readPage(query, {
      ids: /^(?:job|sync|sched)_/,
      read: (page) => this.#options.store.webhookDeliveries.list({ connectionId, scope, state, ...page }),
    });
  }

  /** The URLs that are called, those that do not get their calls first. */
  async receivers(query: z.output<typeof receiversQuerySchema>, scope: ConnectionScope): Promise<Page<ReceiverView>> {
    const since = new Date(Date.now() - receiversShownMs);
    const [all, called] = await Promise.all([
      this.#options.store.connections.list(),
      this.#options.store.webhookDeliveries.listReceivers(since),
    ]);
    const keyOf = ({ connectionId, url }: Pick<WebhookReceiver, 'connectionId' | 'url'>) => `${connectionId} ${url}`;
    const known = new Set(called.map(keyOf));
    const silent = all
      .flatMap(({ id: connectionId, webhookUrl: url }) =>
        url === undefined ? [] : [{ connectionId, url, ...noCalls }],
      )
      .filter((receiver) => !known.has(keyOf(receiver)));
    const receivers = [...called, ...silent]
      .filter(({ connectionId }) => isInScope(scope, connectionId))
      .filter(({ failed, repeated }) => !query.failing || failed + repeated > 0)
      .toSorted(worstFirst);
    const { items, next } = pageOf(receivers, query);
    return { items: items.map(toReceiverView), next };
  }

  /** @throws AppError `unknown-delivery` */
  async find({ id, scope }: ScopedReference): Promise<WebhookDelivery> {
    const delivery = await this.#options.store.webhookDeliveries.find(id);
    if (!delivery || !isInScope(scope, delivery.connectionId)) throw webhookError('unknown-delivery');
    return delivery;
  }

  /** Lets a worker send a delivery again now, whether or not it was delivered. @throws AppError `unknown-delivery` */
  async resend({ id, scope }: ScopedReference): Promise<WebhookDelivery> {
    await this.find({ id, scope });
    if (!(await this.#options.store.webhookDeliveries.reopen(id))) throw webhookError('unknown-delivery');
    // If Redis is unavailable, the sweep creates the job within a minute.
    await this.#options.producer.enqueueNow(deliverJob, { deliveryId: id }).catch(() => undefined);
    return this.find({ id, scope });
  }
}

export const deliveryViewSchema = z
  .strictObject({
    ...viewShapeOf(webhookDeliverySchema, [
      'id',
      'connectionId',
      'url',
      'type',
      'body',
      'state',
      { attempts: ['at', 'status', 'error'] },
      'createdAt',
      'deliveredAt',
    ]),
    body: z
      .unknown()
      .describe(
        'The JSON body of the call: `type`, `timestamp`, and `data` with ids, the status and counts. It contains no patient data.',
      ),
  })
  .meta({ id: 'WebhookDelivery', description: "A call to a client's URL, with its attempts." });

type DeliveryView = View<typeof deliveryViewSchema>;

export function toDeliveryView(delivery: WebhookDelivery): DeliveryView {
  return viewOf(deliveryViewSchema, {
    ...delivery,
    body: JSON.parse(delivery.body) as unknown,
    attempts: delivery.attempts.map((attempt) => viewOf(deliveryViewSchema.shape.attempts.element, attempt)),
  });
}

/** A call fails after a day of attempts, and then it is shown for another day. */
const receiversShownMs = 48 * 60 * 60_000;

const noCalls = {
  delivered: 0,
  waiting: 0,
  repeated: 0,
  failed: 0,
  undelivered: null,
  undeliveredSince: null,
  lastDeliveredAt: null,
};

function worstFirst(left: WebhookReceiver, right: WebhookReceiver): number {
  return (
    Number(right.failed > 0) - Number(left.failed > 0) ||
    right.failed + right.repeated - left.failed - left.repeated ||
    left.connectionId.localeCompare(right.connectionId)
  );
}

const callCount = z.int().min(0);

export const receiverViewSchema = z
  .strictObject({
    connectionId: z.string().describe('The connection whose exports and syncs are reported.'),
    url: z.string().describe('The URL that is called.'),
    delivered: callCount.describe('Calls of the last 48 hours that the receiver accepted.'),
    repeated: callCount.describe('Calls that were not accepted yet and are being repeated.'),
    failed: callCount.describe('Calls of the last 48 hours that were given up.'),
    lastDeliveredAt: instantSchema
      .exactOptional()
      .describe('When the receiver last accepted a call. Absent if it accepted none in the last 48 hours.'),
    lastFailure: deliveryViewSchema.shape.attempts.element
      .exactOptional()
      .describe('The last attempt of the newest call that was not accepted. Absent if all were.'),
  })
  .meta({ id: 'WebhookReceiver', description: 'A URL that is called, and whether it gets its calls.' });
type ReceiverView = View<typeof receiverViewSchema>;

function toReceiverView(receiver: WebhookReceiver): ReceiverView {
  return viewOf(receiverViewSchema, {
    ...receiver,
    lastDeliveredAt: receiver.lastDeliveredAt ?? undefined,
    lastFailure: receiver.undelivered?.last,
  });
}

export const receiversQuerySchema = z.strictObject({
  failing: trueOrFalse.default(false).describe('`true`: only receivers that did not accept a call.'),
  ...pageQuery({ defaultLimit: 100 }),
});

export const webhookBodySchema = z
  .strictObject({
    url: callbackUrlSchema
      .optional()
      .describe(
        'The URL to call: https and public, or also http and private if the deployment has `WORKER_WEBHOOK_PRIVATE_NETWORK`. Default: none; then only the `callbackUrl` of a request is called, with the new secret.',
      ),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
      .optional()
      .describe('The secret that signs the calls. Default: a new one.'),
  })
  .meta({ description: 'The URL of the connection. An empty body creates a secret only.' });
type WebhookBody = z.output<typeof webhookBodySchema>;

export const deliveriesQuerySchema = z.strictObject({
  connectionId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Only deliveries of this connection. Default: those of all connections.'),
  state: z
    .enum([...webhookStates, 'repeated'])
    .optional()
    .describe('Only deliveries in this state. `repeated`: pending, after an attempt without success.'),
  ...pageQuery({ defaultLimit: 100 }),
});
