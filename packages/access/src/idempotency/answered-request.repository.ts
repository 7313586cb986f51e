import { createEncryptedField, isDuplicateKey, mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';

const documentSchema = z.strictObject({
  /** `<API key id>/<the client's key>`, so that clients cannot use each other's keys. */
  id: z.string(),
  /** The attempt that may store the answer. Another attempt replaces one whose process has died. */
  holder: z.string(),
  /** The encrypted `AnsweredRequest`. An answer can contain ids of patients, and the hash is of a body that can contain a secret. */
  encrypted: z.string(),
  isAnswered: z.boolean(),
  /** The connection that the request was about. The answer is deleted with it. */
  connectionId: z.string().exactOptional(),
  createdAt: z.date(),
});
export interface AnsweredRequest {
  /** Equal for equal requests. */
  readonly requestHash: string;
  /** JSON. Undefined while the first request is being executed. */
  readonly answer?: unknown;
}

/** One attempt to execute the request that a client's `Idempotency-Key` names. */
export interface RequestAttempt {
  readonly clientId: string;
  readonly key: string;
  readonly holder: string;
}

/** Clients repeat a request within minutes. A day also covers a nightly job that is restarted in the morning. */
const keptSeconds = 24 * 60 * 60;
/** Longer than the longest request, a sync that waits for 290 seconds. An older attempt has died. */
const longestAttemptMs = 6 * 60_000;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.answeredRequests });
schema.index({ createdAt: 1 }, { expireAfterSeconds: keptSeconds });
schema.index({ connectionId: 1 });

/** `answered_requests`: the answers of POST requests with an `Idempotency-Key`. */
export class AnsweredRequestRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #model;
  readonly #encryptedRequest;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('AnsweredRequest', schema);
    this.#encryptedRequest = createEncryptedField({
      database,
      secretBox,
      collection: collections.answeredRequests,
      field: 'encrypted',
      ownerOf: (id) => `answered-request/${id}`,
    });
    this.encryptedFields = [this.#encryptedRequest];
  }

  /**
   * @param options.request with an answer if it is known before the request is executed
   * @returns undefined if this attempt may execute the request, or else the request that has used the key
   */
  async take(options: {
    readonly attempt: RequestAttempt;
    readonly request: AnsweredRequest;
    readonly connectionId?: string | undefined;
    readonly now: Date;
  }): Promise<AnsweredRequest | undefined> {
    const { attempt, request, connectionId, now } = options;
    const isAnswered = request.answer !== undefined;
    const _id = idOf(attempt);
    const before = (ms: number) => ({ $lt: new Date(now.getTime() - ms) });
    for (;;) {
      // The index expires answers, but only about once a minute and not on every engine.
      await this.#model.deleteOne({ _id, createdAt: before(keptSeconds * 1000) });
      await this.#model.deleteOne({ _id, isAnswered: false, createdAt: before(longestAttemptMs) });
      const { holder } = attempt;
      try {
        await this.#gate.write(() => {
          const encrypted = this.#encrypt(_id, request);
          return this.#model.create({
            _id,
            holder,
            encrypted,
            isAnswered,
            ...ofConnection(connectionId),
            createdAt: now,
          });
        });
        return undefined;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const document = await this.#model.findById(_id).lean();
      if (document) return JSON.parse(this.#encryptedRequest.decrypt(_id, document.encrypted).toString());
      // The key was released in the meantime.
    }
  }

  /** Stores the answer of an attempt. */
  async save(options: {
    readonly attempt: RequestAttempt;
    readonly request: AnsweredRequest;
    readonly connectionId: string | undefined;
  }): Promise<void> {
    const { attempt, request, connectionId } = options;
    const _id = idOf(attempt);
    await this.#gate.write(() => {
      const change = { encrypted: this.#encrypt(_id, request), isAnswered: true, ...ofConnection(connectionId) };
      return this.#model.updateOne({ _id, holder: attempt.holder }, { $set: change });
    });
  }

  /** Frees the key after a request that failed, so that the client may repeat it. */
  async release(attempt: RequestAttempt): Promise<void> {
    await this.#model.deleteOne({ _id: idOf(attempt), holder: attempt.holder });
  }

  async removeOfConnection(connectionId: string): Promise<void> {
    await this.#model.deleteMany({ connectionId });
  }

  #encrypt(id: string, request: AnsweredRequest) {
    return this.#encryptedRequest.encrypt(id, JSON.stringify(request));
  }
}

function ofConnection(connectionId: string | undefined) {
  return connectionId === undefined ? {} : { connectionId };
}

function idOf({ clientId, key }: Pick<RequestAttempt, 'clientId' | 'key'>) {
  return `${clientId}/${key}`;
}
