import { defineErrors } from '@bulkhead/base';

export const auditError = defineErrors({
  'audit-unavailable': {
    title: 'The audit log cannot be written',
    advice: 'The action may have been carried out. Check the current state before you try again.',
    status: 503,
    retry: { afterMs: 5000 },
    message:
      'The request may have been carried out, but it could not be recorded in the audit log, so no result is shown. Check the current state before you send the request again.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof auditError.table, true> {}
}
