import { defineActions } from '@bulkhead/http';

export const webhookActions = defineActions('webhook', {
  listDeliveries: { keys: 'client', people: 'viewer', audited: false },
  readDelivery: { keys: 'client', people: 'viewer', audited: false },
  remove: { keys: 'client', people: 'operator' },
  resend: { keys: 'client', people: 'operator' },
  set: { keys: 'client', people: 'operator' },
});
