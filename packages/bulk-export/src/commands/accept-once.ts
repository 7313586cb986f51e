import { AppError, waitUntil } from '@bulkhead/runtime';
import type { BulkExportStore } from '../store.ts';

/** A client's `Idempotency-Key`. */
export interface Idempotency {
  readonly clientId: string;
  readonly key: string;
}

/** There are two writes between claiming the key and storing the record. A request that takes longer has died in between. */
const insertWaitMs = 2000;

/**
 * Makes sure that a request is executed once, however often it is sent.
 * @param options.isStored whether the record with this id is stored
 * @returns the id under which the caller must store the record, and whether it is already stored
 * @throws AppError `idempotency-key-reused` if the key was used for a different request
 */
export async function acceptOnce(options: {
  readonly store: BulkExportStore;
  readonly idempotency: Idempotency | undefined;
  readonly requestHash: string;
  readonly recordId: string;
  readonly isStored: (recordId: string) => Promise<boolean>;
}): Promise<{ readonly recordId: string; readonly isRepeated: boolean }> {
  const { store, idempotency, requestHash, recordId, isStored } = options;
  if (!idempotency) return { recordId, isRepeated: false };
  const request = { requestHash, recordId };
  const first = await store.idempotencyKeys.take({ ...idempotency, request, now: new Date() });
  if (first.requestHash !== requestHash) throw keyReused();
  if (first.recordId === recordId) return { recordId, isRepeated: false };
  const isRepeated = await waitUntil(async () => (await isStored(first.recordId)) || undefined, insertWaitMs);
  return { recordId: first.recordId, isRepeated: isRepeated ?? false };
}

function keyReused(): AppError {
  return new AppError({
    code: 'idempotency-key-reused',
    message: 'This Idempotency-Key was used for a different request. Use a new key for each request.',
    retry: 'never',
  });
}
