import { defineErrors } from '@bulkhead/base';

export const webhookError = defineErrors({
  'webhook-not-taken': {
    title: 'The receiver did not accept the call',
    advice: 'Check the receiver. The call is repeated for a day.',
    retry: 'later',
    message: 'The receiver did not accept the call. The call is repeated for a day, at growing intervals.',
  },
  'unknown-delivery': {
    title: 'Call not found',
    advice: 'Open the list of calls of the connection.',
    status: 404,
    message: 'No delivery has this id. List them with GET /api/ehr/webhook-deliveries.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof webhookError.table, true> {}
}
