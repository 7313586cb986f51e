import { defineErrors } from '@bulkhead/runtime';

export const accessError = defineErrors({
  'unknown-api-key': { status: 404, message: 'No API key has this id. List them with GET /api/ehr/api-keys.' },
  'last-operator-key': {
    status: 409,
    message:
      'This is the last active operator key. Without it no new key could be created. Create another operator key first.',
  },
  'idempotency-key-in-use': {
    status: 409,
    message:
      'The first request with this Idempotency-Key has not ended yet. Send the request again later, with the same key, to get its answer.',
  },
  'idempotency-key-reused': {
    status: 422,
    message: 'This Idempotency-Key was used for a different request. Use a new key for each request.',
  },
  'audit-unavailable': {
    status: 503,
    retry: { afterMs: 5000 },
    message:
      'The request may have been carried out, but it could not be recorded in the audit log, so no result is shown. Check the current state before you send the request again.',
  },
  'api-key-expired': {
    status: 401,
    message:
      'The API key has expired. Ask an operator for a new one (POST /api/ehr/api-keys, or the command `create-api-key`).',
  },
  'api-key-revoked': { status: 401, message: 'The API key was revoked. Ask an operator for a new one.' },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof accessError.table, true> {}
}
