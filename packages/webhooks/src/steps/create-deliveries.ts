import { createHash } from 'node:crypto';
import {
  type FeatureWork,
  leavesNothingAtEhr,
  startsNothing,
  withholdsNoLines,
  worksOnNoPatient,
} from '@bulkhead/store';
import { deliverJob } from '../jobs.ts';
import type { WebhookDelivery } from '../webhook-delivery.record.ts';
import type { WebhookDeps } from './deliver-webhook.job.ts';

/** An event that clients are notified of. */
export interface WebhookEvent {
  /** Derived from the subject of the event, so that the same event is sent once to each address. */
  readonly id: string;
  readonly connectionId: string;
  readonly type: string;
  readonly at: Date;
  /** Ids and counts only, never patient data. */
  readonly data: { readonly errorCode?: string | undefined };
}

type DeliveryDeps = Pick<
  WebhookDeps<'connections' | 'webhookDeliveries'>,
  'store' | 'producer' | 'peopleTextOf' | 'now'
>;

/** Creates the deliveries of an event: to the address of the connection, and to the address of the request if it has one. */
export async function createDeliveries(
  { store, producer, peopleTextOf, now }: DeliveryDeps,
  { event: reported, callbackUrl }: { readonly event: WebhookEvent; readonly callbackUrl?: string | undefined },
): Promise<void> {
  const connection = await store.connections.find(reported.connectionId);
  const urls = new Set([callbackUrl, connection?.webhookUrl].filter((url) => url !== undefined));
  const event = withText(reported, peopleTextOf);
  for (const url of urls) {
    const delivery = toDelivery({ event, url, now: now() });
    await store.webhookDeliveries.insertMissing(delivery);
    await producer.enqueue(deliverJob, { deliveryId: delivery.id });
  }
}

/** A receiver can show the title and the advice to people, for example in an e-mail. */
function withText(event: WebhookEvent, peopleTextOf: WebhookDeps<never>['peopleTextOf']): WebhookEvent {
  const { errorCode } = event.data;
  const text = errorCode === undefined ? undefined : peopleTextOf(errorCode);
  if (!text) return event;
  const { title: errorTitle, advice: errorAdvice } = text;
  return { ...event, data: { ...event.data, errorTitle, errorAdvice } as WebhookEvent['data'] };
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

export function webhookWork({ store, producer }: WebhookDeps<'webhookDeliveries'>): FeatureWork {
  return {
    stop: startsNothing,
    leaveEhr: leavesNothingAtEhr,
    isBusyWith: worksOnNoPatient,
    recountWithheld: withholdsNoLines,
    async ensureJobs() {
      for (const deliveryId of await store.webhookDeliveries.listPendingIds())
        await producer.ensure(deliverJob, { deliveryId });
    },
  };
}
