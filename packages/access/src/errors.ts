import { defineErrors } from '@bulkhead/runtime';

export const accessError = defineErrors({
  'unknown-api-key': { status: 404, message: 'No API key has this id. List them with GET /api/ehr/api-keys.' },
  'last-operator-key': {
    status: 409,
    message:
      'This is the last active operator key. Without it no new key could be created. Create another operator key first.',
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
