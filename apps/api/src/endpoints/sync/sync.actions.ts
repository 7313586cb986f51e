import { defineActions } from '@bulkhead/http';

export const syncActions = defineActions('sync', {
  cancel: { keys: 'client', people: 'operator' },
  create: { keys: 'client', people: 'operator' },
  list: { keys: 'client', people: 'viewer', audited: false },
  read: { keys: 'client', people: 'viewer', audited: false },
  // It shows neither resources nor patients.
  readLog: { keys: 'client', people: 'viewer', audited: false },
  retry: { keys: 'client', people: 'operator' },
});
