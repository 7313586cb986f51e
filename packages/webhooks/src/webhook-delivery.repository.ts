import {
  type ConnectionScope,
  findIds,
  inScope,
  mongooseSchemaOf,
  recordOf,
  type StoreContext,
  wholeBatch,
  withId,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import {
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookState,
  webhookDeliverySchema,
  webhookStates,
} from './webhook-delivery.record.ts';

/** Enough to see a pattern. The retries of one day are fewer. */
const keptAttempts = 20;

const schema = mongooseSchemaOf(webhookDeliverySchema, { collection: collections.webhookDeliveries });
schema.index({ connectionId: 1, createdAt: -1, _id: -1 });
schema.index({ state: 1, _id: 1 });
schema.index({ createdAt: -1, _id: -1 });
schema.index({ state: 1, createdAt: -1, _id: -1 });

/** The calls of one connection to one URL. */
export interface WebhookReceiver extends Pick<WebhookDelivery, 'connectionId' | 'url'> {
  readonly delivered: number;
  /** Not sent yet. */
  readonly waiting: number;
  /** Sent without success, and to be sent again. */
  readonly repeated: number;
  /** Given up. */
  readonly failed: number;
  /** When the event of the oldest call that was not delivered was created. */
  readonly undeliveredSince: Date | null;
  /** The newest call that was not delivered, with its last attempt. */
  readonly undelivered: { readonly at: Date; readonly id: string; readonly last?: WebhookAttempt } | null;
  readonly lastDeliveredAt: Date | null;
}

/** `webhook_deliveries`: the calls to clients, and whether they were delivered. */
export class WebhookDeliveryRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('WebhookDelivery', schema);
  }

  /** Inserts a delivery unless it exists. Its id contains the subject of the event, so each address gets the event once. */
  async insertMissing({ id, ...fields }: WebhookDelivery): Promise<void> {
    await this.#gate.admit(fields.connectionId, () =>
      this.#model.updateOne({ _id: id }, { $setOnInsert: fields }, { upsert: true }),
    );
  }

  async find(id: string): Promise<WebhookDelivery | undefined> {
    return recordOf(await this.#model.findById(id).lean());
  }

  /** Newest first. @param options.after the last id of the previous page */
  async list(options: {
    /** Default: those of all connections in scope. */
    readonly connectionId?: string | undefined;
    readonly scope: ConnectionScope;
    /** `repeated`: pending, after an attempt without success. */
    readonly state?: WebhookState | 'repeated' | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<WebhookDelivery[]> {
    const { connectionId, scope, state, after, limit } = options;
    // Ids begin with the kind of the run, so they are not in the order of time.
    const last = after === undefined ? undefined : await this.#model.findById(after, { createdAt: 1 }).lean();
    // Deliveries are deleted by their age, so the older ones are deleted too.
    if (after !== undefined && !last) return [];
    const ofState =
      state === 'repeated'
        ? { state: 'pending', 'attempts.0': { $exists: true } }
        : state === undefined
          ? {}
          : { state };
    const filter = {
      ...(connectionId === undefined ? inScope(scope) : { connectionId }),
      ...ofState,
      ...(last
        ? { $or: [{ createdAt: { $lt: last.createdAt } }, { createdAt: last.createdAt, _id: { $lt: last._id } }] }
        : {}),
    };
    return (
      await this.#model
        .find(filter as object)
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit)
        .lean()
    ).map(withId);
  }

  /** The calls since `since` by the URL that is called, in one command. */
  listReceivers(since: Date): Promise<WebhookReceiver[]> {
    const countIf = (condition: object) => ({ $sum: { $cond: [condition, 1, 0] } });
    const isDelivered = { $eq: ['$state', 'delivered'] };
    const isPending = { $eq: ['$state', 'pending'] };
    const wasTried = { $gt: [{ $size: '$attempts' }, 0] };
    const ofUndelivered = (value: unknown) => ({ $cond: [isDelivered, null, value] });
    return this.#model
      .aggregate<WebhookReceiver>([
        { $match: { state: { $in: [...webhookStates] }, createdAt: { $gte: since } } },
        {
          $group: {
            _id: { connectionId: '$connectionId', url: '$url' },
            delivered: countIf(isDelivered),
            waiting: countIf({ $and: [isPending, { $not: [wasTried] }] }),
            repeated: countIf({ $and: [isPending, wasTried] }),
            failed: countIf({ $eq: ['$state', 'failed'] }),
            undeliveredSince: { $min: ofUndelivered('$createdAt') },
            // A document is compared by its first field.
            undelivered: {
              $max: ofUndelivered({ at: '$createdAt', id: '$_id', last: { $arrayElemAt: ['$attempts', -1] } }),
            },
            lastDeliveredAt: { $max: '$deliveredAt' },
          },
        },
        { $addFields: { connectionId: '$_id.connectionId', url: '$_id.url' } },
        { $project: { _id: 0 } },
      ])
      .option({ batchSize: wholeBatch })
      .exec();
  }

  listPendingIds() {
    return findIds(this.#model, { state: 'pending' as const });
  }

  async noteAttempt(options: {
    readonly id: string;
    readonly attempt: WebhookAttempt;
    readonly state: WebhookState;
  }): Promise<void> {
    const { id, attempt, state } = options;
    const set = { state, ...(state === 'delivered' ? { deliveredAt: attempt.at } : {}) };
    await this.#model.updateOne(
      { _id: id },
      { $set: set, $push: { attempts: { $each: [attempt], $slice: -keptAttempts } } },
    );
  }

  /** Ends a pending delivery as failed. */
  async fail({ id, attempt }: { readonly id: string; readonly attempt: WebhookAttempt | undefined }): Promise<void> {
    const push = attempt ? { $push: { attempts: { $each: [attempt], $slice: -keptAttempts } } } : {};
    await this.#model.updateOne(
      { _id: id, state: 'pending' as const },
      { $set: { state: 'failed' as const }, ...push },
    );
  }

  /** Gives another address to the deliveries of a connection that were not delivered to the former one. */
  async moveUndelivered(options: {
    readonly connectionId: string;
    readonly from: string;
    readonly to: string;
  }): Promise<void> {
    const { connectionId, from, to } = options;
    await this.#model.updateMany(
      { connectionId, url: from, state: { $ne: 'delivered' as const } },
      { $set: { url: to } },
    );
  }

  /** @returns false if the delivery does not exist */
  async reopen(id: string): Promise<boolean> {
    const result = await this.#model.updateOne({ _id: id }, { $set: { state: 'pending' as const } });
    return result.matchedCount === 1;
  }
}
