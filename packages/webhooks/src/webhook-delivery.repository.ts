import { findIds, mongooseSchemaOf, type StoreContext, wholeBatch, withId } from '@bulkhead/store';
import { collections } from './collections.ts';
import {
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookState,
  webhookDeliverySchema,
} from './webhook-delivery.record.ts';

/** Enough to see a pattern. The retries of one day are fewer. */
const keptAttempts = 20;

const schema = mongooseSchemaOf(webhookDeliverySchema, { collection: collections.webhookDeliveries });
schema.index({ connectionId: 1, createdAt: -1, _id: -1 });
schema.index({ state: 1, _id: 1 });
schema.index({ state: 1, createdAt: 1 });

/** Calls of one connection to one URL that were not delivered. */
export interface UndeliveredCalls extends Pick<WebhookDelivery, 'connectionId' | 'url' | 'state'> {
  /** Of the newest. */
  readonly id: string;
  readonly count: number;
  /** When the event of the oldest was created. */
  readonly since: Date;
  /** The most attempts of a call. */
  readonly attempts: number;
  /** The last attempt of the newest. */
  readonly last?: WebhookAttempt;
}

/** `webhook_deliveries`: the calls to clients, and whether they were delivered. */
export class WebhookDeliveryRepository {
  private readonly gate;
  private readonly model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.gate = gate;
    this.model = database.model('WebhookDelivery', schema);
  }

  /** Inserts a delivery unless it exists. Its id contains the subject of the event, so each address gets the event once. */
  async insertMissing({ id, ...fields }: WebhookDelivery): Promise<void> {
    await this.gate.admit(fields.connectionId, () =>
      this.model.updateOne({ _id: id }, { $setOnInsert: fields }, { upsert: true }),
    );
  }

  async find(id: string): Promise<WebhookDelivery | undefined> {
    const document = await this.model.findById(id).lean();
    return document ? withId(document) : undefined;
  }

  /** Newest first. @param options.after the last id of the previous page */
  async list(options: {
    readonly connectionId: string;
    readonly state?: WebhookState | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<WebhookDelivery[]> {
    const { connectionId, state, after, limit } = options;
    // Ids begin with the kind of the run, so they are not in the order of time.
    const last = after === undefined ? undefined : await this.model.findById(after, { createdAt: 1 }).lean();
    // Deliveries are deleted by their age, so the older ones are deleted too.
    if (after !== undefined && !last) return [];
    const filter = {
      connectionId,
      ...(state === undefined ? {} : { state }),
      ...(last
        ? { $or: [{ createdAt: { $lt: last.createdAt } }, { createdAt: last.createdAt, _id: { $lt: last._id } }] }
        : {}),
    };
    return (await this.model.find(filter).sort({ createdAt: -1, _id: -1 }).limit(limit).lean()).map(withId);
  }

  /**
   * The calls since `since` that were not delivered, for each URL of a connection, in one command. Of each group it has the newest call.
   */
  listUndelivered(since: Date): Promise<UndeliveredCalls[]> {
    const groups = this.model.aggregate<UndeliveredCalls>([
      { $match: { state: { $in: ['failed', 'pending'] }, createdAt: { $gte: since } } },
      { $sort: { createdAt: 1 } },
      {
        $group: {
          _id: { connectionId: '$connectionId', url: '$url', state: '$state' },
          id: { $last: '$_id' },
          count: { $sum: 1 },
          since: { $first: '$createdAt' },
          attempts: { $max: { $size: '$attempts' } },
          last: { $last: { $arrayElemAt: ['$attempts', -1] } },
        },
      },
      { $sort: { since: -1 } },
      {
        $project: {
          ...{ _id: 0, id: 1, count: 1, since: 1, attempts: 1, last: 1 },
          ...{ connectionId: '$_id.connectionId', url: '$_id.url', state: '$_id.state' },
        },
      },
    ]);
    return groups.option({ batchSize: wholeBatch }).exec();
  }

  listPendingIds() {
    return findIds(this.model, { state: 'pending' as const });
  }

  async noteAttempt(options: {
    readonly id: string;
    readonly attempt: WebhookAttempt;
    readonly state: WebhookState;
  }): Promise<void> {
    const { id, attempt, state } = options;
    const set = { state, ...(state === 'delivered' ? { deliveredAt: attempt.at } : {}) };
    await this.model.updateOne(
      { _id: id },
      { $set: set, $push: { attempts: { $each: [attempt], $slice: -keptAttempts } } },
    );
  }

  /** Ends a pending delivery as failed. */
  async fail({ id, attempt }: { readonly id: string; readonly attempt: WebhookAttempt | undefined }): Promise<void> {
    const push = attempt ? { $push: { attempts: { $each: [attempt], $slice: -keptAttempts } } } : {};
    await this.model.updateOne({ _id: id, state: 'pending' as const }, { $set: { state: 'failed' as const }, ...push });
  }

  /** Gives another address to the deliveries of a connection that were not delivered to the former one. */
  async moveUndelivered(options: {
    readonly connectionId: string;
    readonly from: string;
    readonly to: string;
  }): Promise<void> {
    const { connectionId, from, to } = options;
    await this.model.updateMany(
      { connectionId, url: from, state: { $ne: 'delivered' as const } },
      { $set: { url: to } },
    );
  }

  /** @returns false if the delivery does not exist */
  async reopen(id: string): Promise<boolean> {
    const result = await this.model.updateOne({ _id: id }, { $set: { state: 'pending' as const } });
    return result.matchedCount === 1;
  }
}
