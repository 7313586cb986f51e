import { defineErrors } from '@bulkhead/base';

export const idempotencyError = defineErrors({
  'idempotency-key-in-use': {
    title: 'The first request is still running',
    advice: 'Wait a few seconds and try again.',
    status: 409,
    message:
      'The first request with this Idempotency-Key has not ended yet. Send the request again later, with the same key, to get its response.',
  },
  'idempotency-key-reused': {
    title: 'The idempotency key was used before',
    advice: 'Use a new idempotency key for each request.',
    status: 422,
    message: 'This Idempotency-Key was used for a different request. Use a new key for each request.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof idempotencyError.table, true> {}
}
