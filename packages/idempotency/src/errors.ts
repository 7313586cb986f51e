import { defineErrors } from '@bulkhead/runtime';

export const idempotencyError = defineErrors({
  'idempotency-key-in-use': {
    status: 409,
    message:
      'The first request with this Idempotency-Key has not ended yet. Send the request again later, with the same key, to get its answer.',
  },
  'idempotency-key-reused': {
    status: 422,
    message: 'This Idempotency-Key was used for a different request. Use a new key for each request.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof idempotencyError.table, true> {}
}
