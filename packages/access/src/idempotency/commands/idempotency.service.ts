import { randomUUID } from 'node:crypto';
import { type AppError, hashOf, waitUntil } from '@bulkhead/base';
import type { AnsweredRequest, RequestAttempt } from '../answered-request.repository.ts';
import { idempotencyError } from '../errors.ts';
import type { IdempotencyStore } from '../idempotency.feature.ts';

/** A request with an `Idempotency-Key`. */
export interface KeyedRequest {
  /** The id of the API key. */
  readonly clientId: string;
  readonly key: string;
  /** What makes the request different from others, as JSON: its endpoint, path and body. */
  readonly content: unknown;
}

export interface Executed<Answer> {
  /** JSON. */
  readonly answer: Answer;
  /** The connection that the request was about. */
  readonly connectionId: string | undefined;
}

/** The record that a request is about to create. */
export interface Reservation {
  readonly recordId: string;
  readonly connectionId: string;
}

/** Most requests are answered within milliseconds. */
const answerWaitMs = 5000;

/**
 * Executes a request with an `Idempotency-Key` once, however often it is sent (draft-ietf-httpapi-idempotency-key-header).
 *
 *     no record --> executing --> answered, for a day
 *         ^            |
 *         +------------+  the request failed, or its process died more than six minutes ago
 *
 * `reserve` is for a record whose id the request chooses: what has been done can be seen in the database, so no time has to pass.
 */
export class IdempotencyService {
  readonly #answeredRequests;
  readonly #waitMs;

  constructor(options: {
    readonly store: Pick<IdempotencyStore, 'answeredRequests'>;
    /** How long a repeated request waits for the answer of the first one. */
    readonly waitMs?: number;
  }) {
    this.#answeredRequests = options.store.answeredRequests;
    this.#waitMs = options.waitMs ?? answerWaitMs;
  }

  /**
   * @returns the answer, and whether an earlier request has got it
   * @throws AppError `idempotency-key-reused` for another request with this key, `idempotency-key-in-use` while the first one is running
   */
  async once<Answer>(request: KeyedRequest, execute: () => Promise<Executed<Answer>>) {
    const { clientId, key, content } = request;
    const requestHash = hashOf(JSON.stringify(content));
    const attempt: RequestAttempt = { clientId, key, holder: randomUUID() };
    const take = () => this.#answeredRequests.take({ attempt, request: { requestHash }, now: new Date() });
    const first = await waitUntil(async (): Promise<AnsweredRequest | 'mine' | undefined> => {
      const other = await take();
      if (other && other.requestHash !== requestHash) throw keyReused();
      if (!other) return 'mine';
      return other.answer === undefined ? undefined : other;
    }, this.#waitMs);
    if (first === undefined) throw idempotencyError('idempotency-key-in-use', { retry: { afterMs: answerWaitMs } });
    if (first !== 'mine') return { answer: first.answer as Answer, isRepeated: true };
    const { answer, connectionId } = await execute().catch(async (error: unknown) => {
      // If MongoDB is unavailable, the key is free after six minutes.
      await this.#answeredRequests.release(attempt).catch(() => undefined);
      throw error;
    });
    // The request was executed, so it must not fail now. A repeat within six minutes is refused, and executes nothing.
    const answered = { attempt, request: { requestHash, answer }, connectionId };
    await this.#answeredRequests.save(answered).catch(() => undefined);
    return { answer, isRepeated: false };
  }

  /**
   * Reserves the id of the record that a request creates. Every repeated request gets the id of the first one, so it finds the record,
   * or can store it under the same id if the process of the first one died before it did.
   * @returns the id, and a function that frees the key after a request that created nothing
   * @throws AppError `idempotency-key-reused` for another request with this key
   */
  async reserve({ clientId, key, content }: KeyedRequest, record: Reservation) {
    const { recordId, connectionId } = record;
    const requestHash = hashOf(JSON.stringify(content));
    const request = { requestHash, answer: { recordId } };
    const attempt = { clientId, key, holder: recordId };
    const first = (await this.#answeredRequests.take({ attempt, request, connectionId, now: new Date() })) ?? request;
    if (first.requestHash !== requestHash) throw keyReused();
    const reserved = first.answer as typeof request.answer;
    const release = () => this.#answeredRequests.release({ clientId, key, holder: reserved.recordId });
    return { recordId: reserved.recordId, release };
  }
}

function keyReused(): AppError {
  return idempotencyError('idempotency-key-reused');
}
