import { AppError, waitUntil } from '@bulkhead/runtime';
import type { BulkExportStore } from '../store.ts';

/** A client's `Idempotency-Key`, and whose it is. */
export interface Idempotency {
  readonly clientId: string;
  readonly key: string;
}

/** Between taking the key and storing the record lie two writes; a request that takes longer has died in between. */
const insertWaitMs = 2000;

/**
 * Makes a request happen once, however often it is sent.
 * @param options.isThere whether the record of that id is stored.
 * @returns the id under which the record is to be stored, and whether it is there already.
 * @throws AppError `idempotency-key-reused` where another request has the key.
 */
export async function acceptOnce(options: {
  readonly store: BulkExportStore;
  readonly idempotency: Idempotency | undefined;
  readonly requestHash: string;
  readonly recordId: string;
  readonly isThere: (recordId: string) => Promise<boolean>;
}): Promise<{ readonly recordId: string; readonly isRepeated: boolean }> {
  const { store, idempotency, requestHash, recordId, isThere } = options;
  if (!idempotency) return { recordId, isRepeated: false };
  const request = { requestHash, recordId };
  const first = await store.idempotencyKeys.take({ ...idempotency, request, now: new Date() });
  if (first.requestHash !== requestHash) throw keyReused();
  if (first.recordId === recordId) return { recordId, isRepeated: false };
  const there = await waitUntil(async () => (await isThere(first.recordId)) || undefined, insertWaitMs);
  return { recordId: first.recordId, isRepeated: there ?? false };
}

function keyReused(): AppError {
  return new AppError({
    code: 'idempotency-key-reused',
    message: 'This Idempotency-Key came with another request before. Use a new key for a new request.',
    retry: 'never',
  });
}
